"""What the report of a coverage says, in English and Korean, side by side."""

from __future__ import annotations

from typing import Final

#: Languages of the report, with their place in the pairs below.
LANGUAGES: Final = ("en", "ko")

_PAIRS: Final[dict[str, tuple[str, str]]] = {
    "kind": ("Coverage report", "관측 범위 보고서"),
    "sum": ("In sum", "요약"),
    "maps": ("Maps", "지도"),
    "classes": ("Looks a day by class", "등급별 하루 관측 횟수"),
    "growth": ("Against time, and over the area", "시간과 면적에 따른 관측"),
    "who": ("Satellites", "위성"),
    "how": ("How this was computed", "계산 방법"),
    "figure": ("Figure", "항목"),
    "mean": ("Mean of the area", "면적 평균"),
    "worst": ("Worst cell", "최악 격자"),
    "worst_of": ("worst cell", "최악 격자"),
    "level": ("Class", "등급"),
    "all": ("All looks", "전체 관측"),
    "clear": ("Clear, expected", "맑은 관측(기대값)"),
    "off_nadir_level": ("Off-nadir up to {:g}°", "오프나디르각 {:g}° 이하"),
    "gsd_level": ("GSD up to {:g} m", "지상 표본 거리(GSD) {:g} m 이하"),
    "niirs_level": ("NIIRS {:g} or better", "판독 등급(NIIRS) {:g} 이상"),
    "cells": ("cells", "격자"),
    "satellites": ("satellites", "위성"),
    "stations": ("stations", "지상국"),
    "looks": ("looks", "관측"),
    "days": ("days", "일"),
    "seen_share": ("Area seen at least once", "한 번 이상 관측한 면적"),
    "clear_share": ("Area expected to be seen clear", "맑은 날씨에 관측할 면적(기대값)"),
    "grey": (
        "Grey: no value, as of a place that was never seen. Colours end where 98 % of the cells do.",
        "회색: 값 없음(관측되지 않은 곳 등). 색 범위는 격자의 98%까지 표시합니다.",
    ),
    "growth_note": (
        "Left: share of the area seen by each day. Right: share of the area whose mean revisit is at most so "
        "much. Orange, dashed: clear looks only, expected.",
        "왼쪽: 날짜별로 관측한 면적 비율. 오른쪽: 평균 재방문 간격이 해당 값 이하인 면적 비율. 주황색 "
        "점선: 맑은 관측만 포함한 기대값.",
    ),
    "exact": (
        "A look is a stretch of time in which a satellite sees the middle of a cell within all limits; its "
        "start and stop are found to a millisecond from SGP4 orbits, not by steps. Means weigh cells by area "
        "and leave out cells without the figure.",
        "관측은 위성이 모든 제한 조건 안에서 격자 중심을 볼 수 있는 시간 구간입니다. 시작과 끝은 시간 "
        "간격 표본이 아니라 SGP4 궤도에서 1밀리초까지 구합니다. 평균은 격자 면적으로 가중하며 값이 없는 "
        "격자는 제외합니다.",
    ),
    "clouds_note": (
        "Clear figures are expectations: every look is clear by itself with the chance of {}. Weather that "
        "lasts from one look to the next makes the real wait longer.",
        "맑은 관측 수치는 기대값입니다. 각 관측이 서로 독립적으로 맑을 확률을 가진다고 봅니다({}). 날씨가 "
        "다음 관측까지 이어지면 실제 대기 시간은 더 깁니다.",
    ),
    "limits": ("Only looks that count: {}.", "다음 조건의 관측만 포함: {}."),
    "h": ("h", "시간"),
    "d": ("d", "일"),
    "min": ("min", "분"),
    "1/d": ("a day", "회/일"),
    "footer": ("Made by offnadir {version}.", "offnadir {version}으로 작성."),
    # figures
    "looks_per_day": ("Looks a day", "하루 관측 횟수"),
    "daylight_looks_per_day": ("Looks a day in daylight", "하루 주간 관측 횟수"),
    "revisit_mean_s": ("Revisit, mean", "재방문 간격, 평균"),
    "revisit_median_s": ("Revisit, median", "재방문 간격, 중앙값"),
    "revisit_p95_s": ("Revisit, 95th centile", "재방문 간격, 95백분위"),
    "longest_gap_s": ("Longest gap", "최장 공백"),
    "response_mean_s": ("Wait of a random request, mean", "임의 요청의 대기 시간, 평균"),
    "response_median_s": ("Wait of a random request, median", "임의 요청의 대기 시간, 중앙값"),
    "response_p95_s": ("Wait of a random request, 95th centile", "임의 요청의 대기 시간, 95백분위"),
    "in_view_share": ("Share of the time in view", "관측 가능 시간 비율"),
    "first_look_s": ("First look after", "첫 관측까지"),
    "stereo_one_pass_per_day": ("Stereo in one pass", "단일 통과 입체 관측"),
    "stereo_two_pass_per_day": ("Stereo of two passes", "두 통과 입체 관측"),
    "best_gsd_m": ("Finest GSD", "최소 지상 표본 거리(GSD)"),
    "best_niirs": ("Best NIIRS", "최고 판독 등급(NIIRS)"),
    "latency_mean_s": ("From picture to ground, mean", "촬영부터 수신까지, 평균"),
    "latency_p95_s": ("From picture to ground, 95th centile", "촬영부터 수신까지, 95백분위"),
    "age_mean_s": ("Age of the newest picture, mean", "최신 영상의 경과 시간, 평균"),
    "age_peak_s": ("Age of the newest picture, greatest", "최신 영상의 경과 시간, 최대"),
    "clear_looks_per_day": ("Clear looks a day", "하루 맑은 관측 횟수"),
    "clear_daylight_looks_per_day": (
        "Clear looks a day in daylight",
        "하루 맑은 주간 관측 횟수",
    ),
    "clear_revisit_mean_s": ("Revisit with a clear view, mean", "맑은 재방문 간격, 평균"),
    "clear_response_mean_s": ("Wait for a clear look, mean", "맑은 관측 대기 시간, 평균"),
    "clear_response_p95_s": (
        "Wait for a clear look, 95th centile",
        "맑은 관측 대기 시간, 95백분위",
    ),
    "clear_stereo_one_pass_per_day": ("Clear stereo in one pass", "맑은 단일 통과 입체 관측"),
    "clear_stereo_two_pass_per_day": ("Clear stereo of two passes", "맑은 두 통과 입체 관측"),
    "clear_age_mean_s": (
        "Age of the newest clear picture, mean",
        "최신 맑은 영상의 경과 시간, 평균",
    ),
}


def words(language: str) -> dict[str, str]:
    """All of them in one language."""
    place = LANGUAGES.index(language)
    return {key: pair[place] for key, pair in _PAIRS.items()}
