"""Images in the report: inside the file, described, escaped; and nothing of them where there are none."""

from __future__ import annotations

import base64

from offnadir.briefs import Image
from offnadir.briefs._images import images_link, images_section

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_an_image_carries_its_bytes_its_words_and_its_figures():
    image = Image(
        title="<Seoul>", caption="as counted", png=PNG, figures=(("GSD & all", "0.31 m"),)
    )
    text = images_section([image])
    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in text
    assert 'alt="&lt;Seoul&gt;"' in text
    assert "<dt>GSD &amp; all</dt><dd>0.31 m</dd>" in text
    assert 'href="#images"' in images_link([image])


def test_a_report_without_images_says_nothing_of_them():
    assert images_section([]) == images_link([]) == ""
