"""Real launches into Sun-synchronous orbits: when, whence, where to, each with its source.

Element sets are the first ones of each satellite that were at hand: US Space Force GP data, as published by
Space-Track and CelesTrak. Times to the minute are as exact as their source. `turned` says what is known, or
presumed, of a flight that was not direct; "not known" where only its time tells so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RealLaunch:
    name: str
    site: str
    time: str
    source: str
    local_time: str = ""  # of the node, as planned, where published
    node: str = ""
    height_km: float = 0.0
    turned: str = ""  # why the flight is known not to have been direct
    moved: str = ""  # why its place along the orbit tells nothing or the wrong thing
    tle: tuple[str, ...] = ()
    pad: tuple[float, float] | None = (
        None  # latitude and longitude [deg] where not the site's own (LL2)
    )


LAUNCHES = (
    RealLaunch(
        name="Malligyong-1",
        site="sohae",
        time="2023-11-21T13:42:28Z",
        source=(
            "KCNA 2023-11-22: 22:42:28 Pyongyang time; transits at about 10:00 and 22:00 "
            "local time: spacevoyaging.com 2023-11-24"
        ),
        local_time="22:00",
        node="descending",
        height_km=500,
        turned='a "double dog leg" to keep off China (Seradata)',
        tle=(
            "1 58400U 23179A   23343.17766162  .00004660  00000-0  21022-3 0  9996",
            "2 58400  97.4270 227.7225 0014685 211.9163 148.1185 15.21407416  2676",
        ),
    ),
    RealLaunch(
        name="NEXTSat-2",
        site="naro",
        time="2023-05-25T09:24:00Z",
        source="18:24 Korean time: etoday.co.kr 2529900; 550 km, dawn-dusk: edaily.co.kr 2023-05-08",
        local_time="18:00",
        node="descending",
        height_km=550,
        turned="presumed: 171 deg first, as KSLV-I, to keep off Japan's islands and Taiwan",
    ),
    RealLaunch(
        name="Kanopus-V 3",
        site="vostochny",
        time="2018-02-01T02:07:18Z",
        source="05:07:18 Moscow time, Roscosmos: signumprousa.net 817249",
        tle=(
            "1 43180U 18014A   18048.10564094 -.00006110  00000-0 -28621-3 0  9992",
            "2 43180  97.4663 317.8291 0002627  58.2735  61.0457 15.19364966  2422",
        ),
    ),
    RealLaunch(
        name="Landsat 9",
        site="vandenberg",
        pad=(34.640, -120.590),
        time="2021-09-27T18:12:00Z",
        source="NASA: 11:12 PDT, window of 30 minutes: blogs.nasa.gov/kennedy 2021-09-27",
        turned="presumed: a window of 30 minutes, at whose start it went, is no in-plane one",
        tle=(
            "1 49260U 21088A   21289.11707980  .00000101  00000-0  28394-4 0  9997",
            "2 49260  98.2181 357.7053 0011564 225.7774 134.2480 14.64256417  2681",
        ),
    ),
    RealLaunch(
        name="WorldView-4",
        site="vandenberg",
        pad=(34.640, -120.590),
        time="2016-11-11T18:30:00Z",
        source=(
            "window 18:30 to 18:46 UTC: spaceflightinsider.com; lifted off at 10:30 PST: "
            "socaltech.com s-0068019"
        ),
        tle=(
            "1 41848U 16067A   16342.74857461  .00000179  00000-0  27086-4 0  9997",
            "2 41848  97.9701  51.0815 0002149 256.4261 103.6714 14.85501787  3856",
        ),
    ),
    RealLaunch(
        name="SkySat-C12",
        site="vandenberg",
        time="2018-12-03T18:34:05Z",
        source="Spaceflight Now 2018-12-03",
        tle=(
            "1 43797U 18099AR  18343.90660304 -.00000288 +00000-0 -20675-4 0  9998",
            "2 43797 097.7674 053.0077 0012780 245.1604 114.8288 14.95609283000902",
        ),
    ),
    RealLaunch(
        name="Sentinel-2B",
        site="kourou",
        time="2017-03-07T01:49:24Z",
        source="Spaceflight Now 2017-03-07; LTDN 10:30, 786 km: ESA",
        local_time="10:30",
        node="descending",
        height_km=786,
        tle=(
            "1 42063U 17013A   17067.19135198 -.00000044  00000-0  00000+0 0  9993",
            "2 42063  98.5603 143.5179 0001130 339.4295  20.6874 14.34084000   166",
        ),
    ),
    RealLaunch(
        name="CSG-1",
        site="kourou",
        pad=(5.302, -52.835),
        time="2019-12-18T08:54:00Z",
        source="Telespazio: 09:54 CET",
        turned="not known; a Soyuz with Fregat",
        tle=(
            "1 44873U 19092A   19357.50490459  .00000134  00000-0  23187-4 0  9991",
            "2 44873  97.8212 179.2145 0000577 355.2337   4.8870 14.82272306   768",
        ),
    ),
    RealLaunch(
        name="Sentinel-1A",
        site="kourou",
        pad=(5.302, -52.835),
        time="2014-04-03T21:02:00Z",
        source="ESA: 21:02 UTC; LTAN 18:00, 693 km",
        local_time="18:00",
        node="ascending",
        height_km=693,
        turned="not known; a Soyuz with Fregat",
        tle=(
            "1 39634U 14016A   14110.85772121 -.00000047  00000-0  00000+0 0   539",
            "2 39634 098.1643 118.8949 0002308 038.7323 321.4077 14.61620933  2480",
        ),
    ),
    RealLaunch(
        name="Sentinel-3A",
        site="plesetsk",
        pad=(62.887, 40.847),
        time="2016-02-16T17:57:00Z",
        source="17:57 UTC, 815 km: infokontak.com/en/Sentinel-3A; LTDN 10:00: ESA",
        local_time="10:00",
        node="descending",
        height_km=815,
        tle=(
            "1 41335U 16011A   16062.04464242 -.00000044  00000-0  00000+0 0  9994",
            "2 41335  98.6196 130.2328 0001397  90.7119 269.4211 14.26555259  2037",
        ),
    ),
    RealLaunch(
        name="Sentinel-3B",
        site="plesetsk",
        pad=(62.887, 40.847),
        time="2018-04-25T17:57:51Z",
        source="Spaceflight Now 2018-04-25; LTDN 10:00: eo-atlas.org",
        local_time="10:00",
        node="descending",
        height_km=815,
        tle=(
            "1 43437U 18039A   18128.16448715 -.00014905  00000-0 -64103-2 0  9995",
            "2 43437  98.6247 195.9084 0008092 278.4387  81.5676 14.24609349  1762",
        ),
    ),
    RealLaunch(
        name="SuperView-1 03",
        site="taiyuan",
        time="2018-01-09T03:24:00Z",
        source="rocketrundown.com: 03:24 GMT (space.com has 03:26)",
        tle=(
            "1 43099U 18002A   18020.39058998  .00000049  00000-0  66687-5 0  9999",
            "2 43099  97.5824  97.4828 0010156 237.5459 249.4466 15.12113607  1696",
        ),
    ),
    RealLaunch(
        name="SuperView Neo-2 01",
        site="taiyuan",
        time="2022-07-15T22:57:00Z",
        source="space.com 2022-07-20: 22:57 GMT",
        tle=(
            "1 53128U 22082A   22202.60063250  .00005290  00000-0  21736-3 0  9991",
            "2 53128  97.3852 210.5163 0011439 245.2915 233.9354 15.24559246   865",
        ),
    ),
    RealLaunch(
        name="SkySat-C1",
        site="sriharikota",
        pad=(13.720, 80.230),
        time="2016-06-22T03:56:00Z",
        source="ISRO: 09:26 IST: firstpost.com 2844424",
        turned="PSLV flies at 140 deg past Sri Lanka, then turns",
        tle=(
            "1 41601U 16040C   16179.93325678 +.00000234 +00000-0 +14391-4 0  9991",
            "2 41601 097.5095 239.0633 0010344 227.6664 132.3696 15.19186858000877",
        ),
    ),
    RealLaunch(
        name="Khayyam",
        site="baikonur",
        time="2022-08-09T05:52:00Z",
        source="05:52 UTC: aliveuniverse.today 6971",
        turned="not known; CAS500-1 went into the same plane directly",
        tle=(
            "1 53370U 22096A   22221.78011152 -.00026126  00000-0 -10746-2 0  9990",
            "2 53370  97.4396 123.2472 0002054 106.2968 343.7598 15.24184597    96",
        ),
    ),
    RealLaunch(
        name="Kanopus-V-IK",
        site="baikonur",
        time="2017-07-14T06:36:00Z",
        source="06:36 GMT from Baikonur: gagrule.net/tag/73-satellites",
        tle=(
            "1 42825U 17042A   17205.60876658 +.00000238 +00000-0 +14414-4 0  9997",
            "2 42825 097.4351 115.0021 0002625 070.7565 289.3953 15.19416804001578",
        ),
    ),
    RealLaunch(
        name="CAS500-1",
        site="baikonur",
        time="2021-03-22T06:07:00Z",
        source="09:07 Moscow time: newsbeast.gr 7216637",
        tle=(
            "1 47932U 21022A   21096.72155701  .00001129  00000-0  53541-4 0  9993",
            "2 47932  97.4004   0.1715 0010768 204.7949 239.8780 15.21291552  2352",
        ),
    ),
    RealLaunch(
        name="ALOS-2",
        site="tanegashima",
        time="2014-05-24T03:05:14Z",
        source="JAXA, 12:05:14 JST: news.mynavi.jp 20140524-a088; LTDN 12:00, 628 km: JAXA",
        local_time="12:00",
        node="descending",
        height_km=628,
        turned="presumed: south-east first, to keep off the Ryukyu islands",
    ),
    RealLaunch(
        name="PRISMA",
        site="kourou",
        time="2019-03-22T01:50:35Z",
        source="Spaceflight Now 2019-03-21; ESA: 01:50 UTC",
        tle=(
            "1 44072U 19015A   19104.81872053 -.00000053  00000-0  00000+0 0  9990",
            "2 44072  97.8993 180.2852 0002884 102.2090 257.9446 14.83536141  3518",
        ),
    ),
    RealLaunch(
        name="Pleiades Neo 4",
        site="kourou",
        time="2021-08-17T01:47:00Z",
        source="01:47 UTC: dknews-dz.com 140798",
        moved="not known",
        tle=(
            "1 49070U 21073E   21251.07131512 -.00000693  00000-0 -81446-4 0  9991",
            "2 49070  97.8972 324.8496 0001492  96.5484 263.5894 14.81669438  3259",
        ),
    ),
    RealLaunch(
        name="Resurs-P 4",
        site="baikonur",
        time="2024-03-31T09:36:45Z",
        source="Roscosmos, 12:36:45 Moscow time: tass.com/science/1767297",
        moved="put into 286 by 466 km (der-orion.com 2477) and raised by itself",
        tle=(
            "1 59371U 24061A   24096.63896924  .00000278  00000-0  11422-4 0  9997",
            "2 59371  97.1790  51.8550 0002803  76.6795 283.4760 15.31751247   812",
        ),
    ),
    RealLaunch(
        name="SuperView-1 01",
        site="taiyuan",
        time="2016-12-28T03:23:00Z",
        source="03:23 UTC: space.com/35173",
        moved="put into 213 by 524 km by a fault (satprnews.com 2021-01-22) and raised by itself",
        tle=(
            "1 41907U 16083A   17009.19006294 -.00000067  00000-0  00000+0 0  9990",
            "2 41907  97.6164  86.8877 0014191 243.3642 197.0520 15.13168627  1836",
        ),
    ),
    RealLaunch(
        name="CSG-2",
        site="cape-canaveral",
        time="2022-01-31T23:11:00Z",
        source="18:11 EST: Orlando Sentinel 2022-01-31",
        turned="south along Florida (Orlando Sentinel)",
        moved="not known; fits by chance, 18 minutes late",
        tle=(
            "1 51444U 22008A   22049.82377006 -.00000036  00000-0  20604-5 0  9997",
            "2 51444  97.8753 235.2301 0001791  83.0059 277.1365 14.83837569  2645",
        ),
    ),
    RealLaunch(
        name="NEONSAT-1",
        site="mahia",
        time="2024-04-23T22:32:00Z",
        source="07:32 Korean time: m.sedaily.com 2D81C08ECN",
        moved="too old a set for so low and busy an orbit: B* is large",
        tle=(
            "1 59587U 24077A   24134.17354071  .00015047  00000-0  77484-3 0  9996",
            "2 59587  97.4122 214.5027 0015476 206.5058 153.5385 15.16395351  2912",
        ),
    ),
    RealLaunch(
        name="SkySat-C11",
        site="vandenberg",
        pad=(34.739, -120.619),
        time="2017-10-31T21:37:00Z",
        source="21:37 UTC: Spaceflight Now 2017-10-31",
        tle=(
            "1 42987U 17068A   17319.81165374  .00000887  00000-0  48249-4 0  9992",
            "2 42987  97.3292  73.5759 0021770 172.9994 346.2350 15.16779702  2255",
        ),
    ),
    RealLaunch(
        name="WorldView Legion 1",
        site="vandenberg",
        time="2024-05-02T18:36:00Z",
        source="11:36 PDT: spacenews.com 2024-05-02",
        tle=(
            "1 59625U 24081A   24133.91878459  .00012184  00000-0  63581-3 0  9998",
            "2 59625  97.5768 205.0359 0005061 125.3352 234.8354 15.16074528  1535",
        ),
    ),
)
