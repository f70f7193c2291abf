"""What the delivery brief says, in English and Korean: every label and sentence, side by side."""

from __future__ import annotations

from typing import Final

#: Languages of the brief, with their place in the pairs below.
LANGUAGES: Final = ("en", "ko")

_PAIRS: Final[dict[str, tuple[str, str]]] = {
    "brief": ("Delivery brief", "영상 납품 보고서"),
    "synthetic": (
        "Made-up ground. This picture was simulated: it shows nothing that is there, and is evidence of "
        "nothing.",
        "가상 지면: 이 영상은 모의 촬영으로 만든 것입니다. 실제 지상의 모습이 아니며, 어떠한 사실의 "
        "근거로도 사용할 수 없습니다.",
    ),
    "no_picture": (
        "This delivery has no preview picture.",
        "이 납품에는 미리보기 영상이 포함되어 있지 않습니다.",
    ),
    "preview": ("Preview of the delivered picture", "납품 영상 미리보기"),
    # sections
    "ordered": ("What was ordered", "주문 내용"),
    "delivered": ("What is delivered", "납품 영상"),
    "files": ("Files", "납품 파일"),
    "lineage": ("How it was made", "생성 이력"),
    "sure": ("How sure this is", "정확도와 한계"),
    # the order
    "order": ("Order", "주문 번호"),
    "title": ("Title", "주문명"),
    "place": ("Place", "대상 위치"),
    "windows": ("To be taken", "촬영 희망 기간"),
    "deadline": ("Deadline", "납품 기한"),
    "priority": ("Priority", "우선순위"),
    "level": ("Product", "제품 종류"),
    "source": ("Source", "영상 출처"),
    "recurrence": ("Repeated", "반복 촬영"),
    "end_user": ("End user", "최종 사용자"),
    "purpose": ("Purpose", "사용 목적"),
    "notes": ("Notes", "비고"),
    "kind": ("Kind of sensor", "센서 종류"),
    "max_off_nadir_deg": ("Off-nadir, at most", "최대 오프나디르각"),
    "min_incidence_deg": ("Incidence, at least", "최소 입사각"),
    "max_incidence_deg": ("Incidence, at most", "최대 입사각"),
    "azimuth_deg": ("Azimuth of the satellite, between", "위성 방위각 범위"),
    "min_sun_elevation_deg": ("Sun elevation, at least", "최소 태양 고도각"),
    "max_sun_elevation_deg": ("Sun elevation, at most", "최대 태양 고도각"),
    "min_niirs": ("NIIRS, at least", "최소 판독 등급(NIIRS)"),
    "max_gsd_m": ("GSD, at most", "최대 지상 표본 거리(GSD)"),
    "max_cloud": ("Cloud, at most", "최대 구름 비율"),
    # what is delivered
    "picture": ("Picture", "영상 번호"),
    "taken": ("Taken, UTC", "촬영 시각(UTC)"),
    "taken_kst": ("Taken, KST", "촬영 시각(한국 시각)"),
    "satellite": ("Satellite", "촬영 위성"),
    "sensor": ("Sensor", "탑재 센서"),
    "off_nadir": ("Off-nadir", "오프나디르각"),
    "incidence": ("Incidence", "입사각"),
    "azimuth": ("Azimuth of the satellite", "위성 방위각"),
    "sun_elevation": ("Sun elevation", "태양 고도각"),
    "sun_azimuth": ("Sun azimuth", "태양 방위각"),
    "gsd": ("GSD", "지상 표본 거리(GSD)"),
    "niirs": ("NIIRS, predicted", "판독 등급(NIIRS, 예측값)"),
    "cloud": ("Cloud", "구름량"),
    "centre": ("Centre", "영상 중심"),
    "extent": ("Extent, east-west × north-south", "영상 크기(동서 × 남북)"),
    "orbit": ("Direction of flight", "비행 방향"),
    "not_known": ("not determined", "산출되지 않음"),
    # files
    "file": ("File", "파일명"),
    "content": ("Content", "내용"),
    "size": ("Size", "크기"),
    "checksum": ("SHA-256", "검사합(SHA-256)"),
    # lineage
    "processing": ("Processing", "처리 과정"),
    "processing_level": ("Level", "처리 단계"),
    "software": ("Software", "처리 소프트웨어"),
    "element_set": ("Element set", "궤도 요소"),
    "ground": ("Ground", "지면 자료"),
    "made": ("Made, UTC", "제작 시각(UTC)"),
    "projection": ("Projection", "좌표계"),
    # values
    "optical": ("optical", "광학"),
    "sar": ("radar", "레이더(SAR)"),
    "tir": ("thermal infrared", "열적외선"),
    "hyperspectral": ("hyperspectral", "초분광"),
    "ortho": ("on the map (orthorectified)", "정사영상"),
    "basic": ("as taken (not on the map)", "기본 영상(지도 투영 전)"),
    "either": ("archive or new", "보관 영상 또는 신규 촬영"),
    "archive": ("archive", "보관 영상"),
    "new": ("new picture", "신규 촬영"),
    "ascending": ("northbound", "북상"),
    "descending": ("southbound", "남하"),
    "any_time": ("any time", "기간 제한 없음"),
    "every": ("every {days} days, {count} pictures", "{days}일 간격, 총 {count}회"),
    "from_to": ("{start} to {stop}", "{start}부터 {stop}까지"),
    "from": ("from {start}", "{start} 이후"),
    "until": ("until {stop}", "{stop}까지"),
    "priority_value": ("{n} of 3", "{n}순위(1순위가 가장 높음)"),
    "epoch_value": ("NORAD {norad}, epoch {epoch} UTC", "NORAD {norad}, 기준 시각 {epoch} UTC"),
    "degrees_of_north": ("{value}° from north", "북쪽 기준 {value}°"),
    # how sure
    "sure_orbit": (
        "Angles and time follow from an element set that was {days} days old when the picture was taken. "
        "Element sets err along the track first: at 600 km typically by a few seconds within a week, lower "
        "down or after a manoeuvre by minutes; a second is about 7.5 km of track, and up to 0.7° of "
        "off-nadir if the look is along it.",
        "촬영 시각과 각도는 촬영 당시 기준 시각에서 {days}일 지난 궤도 요소로 계산하였습니다. 궤도 요소의 "
        "오차는 주로 진행 방향으로 나타나며, 고도 600 km에서는 일주일 안에 보통 수 초, 더 낮은 고도나 "
        "궤도 기동 후에는 수 분에 이를 수 있습니다. 1초는 궤도상 약 7.5 km, 진행 방향을 "
        "볼 때 오프나디르각으로 최대 "
        "0.7°에 해당합니다.",
    ),
    "sure_angles": (
        "Angles and time are those that came with the picture; they were not measured in it.",
        "촬영 시각과 각도는 영상과 함께 제공된 값이며, 영상에서 직접 측정한 값이 아닙니다.",
    ),
    "sure_niirs": (
        "NIIRS is predicted with an image quality equation, not rated by analysts: good to about half a "
        "level.",
        "판독 등급(NIIRS)은 화질 방정식으로 예측한 값으로, 판독관이 평가한 값이 아닙니다. 오차는 약 "
        "0.5등급입니다.",
    ),
    "sure_cloud": (
        "Cloud was estimated automatically; thin cloud and haze are easily missed.",
        "구름량은 자동으로 추정한 값입니다. 얇은 구름과 연무는 누락될 수 있습니다.",
    ),
    "sure_no_cloud": (
        "Cloud was not determined: look at the picture before you rely on it.",
        "구름량은 산출되지 않았습니다. 활용하기 전에 영상을 직접 확인하시기 바랍니다.",
    ),
    "sure_files": (
        "Checksums are those with which the product was archived; the files were checked against them when "
        "they were copied.",
        "검사합은 제품을 보관할 때 기록한 값이며, 복사할 때 각 파일을 이 값과 대조하였습니다.",
    ),
    "sure_map": (
        "The position on the map was not checked against ground control points.",
        "지도상 위치는 지상 기준점과 대조하지 않았습니다.",
    ),
    "footer": (
        "Made by offnadir {version}. The STAC item {item} beside this page holds every figure for "
        "programs.",
        "offnadir {version}에서 작성하였습니다. 모든 수치는 함께 납품된 STAC 항목 {item}에 기계 판독용으로 "
        "수록되어 있습니다.",
    ),
}  # fmt: skip

#: Parts of the titles of assets, as the products write them, in Korean.
_CONTENTS: Final = {
    "Preview": "미리보기",
    "Panchromatic": "전정색",
    "Colour": "컬러",
    "Pan-sharpened colour": "융합 컬러",
    "reflectance above the air": "대기 상단 반사율",
    "spectral radiance": "분광 복사휘도",
    "Clouds: 0 nothing, 1 clear, 2 cloud": "구름 마스크(0 자료 없음, 1 맑음, 2 구름)",
}


def words(language: str) -> dict[str, str]:
    """All of them in one language."""
    place = LANGUAGES.index(language)
    return {key: pair[place] for key, pair in _PAIRS.items()}


def content(title: str, language: str) -> str:
    """What an asset holds; a title that is not known stays as it is."""
    if language != "ko":
        return title
    if title in _CONTENTS:
        return _CONTENTS[title]
    return ", ".join(_CONTENTS.get(part, part) for part in title.split(", "))
