"""Where the search's numbers lie in its array `A`: single ones first, then where each region begins.

The prefixes: W windows, C chains, M members, O options, T tasks, R rows, S satellites, K contacts, P
pictures of one satellite; OR entries of rows by option, CM members by chain, SC chains by satellite, SK
contacts by satellite. X_BLOCK is where the entries of each X begin, with one more at the end. Regions are
described in `_search.py`.
"""

from __future__ import annotations

(
    VALUE, SEED, WORK, LOGGED, N_SAVED, BEST, MOVES, ANY_PRESSED, MARK_NUMBER, TOUCHED_CONTACTS, FIXED_IN,
    N_FIXED, TORN,
) = range(13)  # fmt: skip

# of the problem
W_CHAIN = 16
W_FIRST = 18
W_STEP = 20
W_COUNT = 22
W_DURATION = 24
W_LOCAL = 26
W_LOW = 28
W_HIGH = 30
IS_TABLE = 32
BLOCK = 34
DELAY_MS = 36
C_SATELLITE = 38
C_BASE = 40
C_LEAST_MS = 42
C_WIDEST_MS = 44
CM_BLOCK = 46
CM_MEMBER = 48
SC_BLOCK = 50
SC_CHAIN = 52
M_OPTION = 54
M_WINDOW = 56
M_LOW = 58
M_HIGH = 60
M_VOLUME = 62
M_CHAIN = 64
M_FIRST_MS = 66
M_LAST_MS = 68
O_TASK = 70
O_VALUE = 72
O_SHARE = 74
O_DEADLINE = 76
O_FIXED = 78
O_HOPELESS = 80
M_BLOCK = 82
O_PROFILE = 84
PROFILE = 86
T_BLOCK = 88
T_REQUEST = 90
RT_BLOCK = 92
RT_TASK = 94
CURVE_BLOCK = 96
CURVE_SHARE = 98
CURVE_VALUE = 100
OR_BLOCK = 102
OR_ROW = 104
OR_FACTOR = 106
ROW_BLOCK = 108
ROW_OPTION = 110
ROW_FACTOR = 112
R_LIMIT = 114
S_PRESSED = 116
S_PRESSES = 118
S_MEMORY = 120
S_DUTY = 122
S_THERMAL = 124
BATTERY = 126
SUN_BLOCK = 128
SUN_MS = 130
ATT_BLOCK = 132
K_SATELLITE = 134
K_STATION = 136
K_START = 138
K_STOP = 140
K_VOLUME = 142
K_FREE = 144
SK_BLOCK = 146
SK_CONTACT = 148
ANTENNAS = 150
ORDER_WAYS = 152
# of the state
TAKEN = 154
LOAD = 156
SHARE = 158
USED = 160
SEQ = 162
EARLY = 164
LATE = 166
EARLY_MS = 168
LATE_MS = 170
C_SIZE = 172
C_SAVED = 174
SAVED = 176
OLD_SEQ = 178
OLD_EARLY = 180
OLD_LATE = 182
OLD_USED = 184
LOG = 186
OUT = 188
MARK = 190
CANDIDATE = 192
BEST_TAKEN = 194
BEST_START = 196
BEST_USED = 198
K_SENT = 200
P_MEMBER = 202
P_AT = 204
P_START = 206
P_STOP = 208
P_WRITTEN = 210
P_DEADLINE = 212
# of the array F
O_WORTH = 214
O_SECONDS = 216
B_RATE = 218
B_FIRST = 220
ATT_START = 222
ATT_STOP = 224
KEY = 226

#: Numbers before the first region.
HEADER = 228
