"""Where the search's numbers lie in its array `A`: single ones first, then where each region begins.

The prefixes: W windows, C chains, M members, O options, T tasks, R rows, S satellites, K contacts, P pictures of
one satellite; OR entries of rows by option, CM members by chain, SC chains by satellite, SK contacts by satellite.
X_BLOCK is where the entries of each X begin, with one more at the end. Regions are described in `_search.py`.
"""

from __future__ import annotations

VALUE, SEED, WORK, LOGGED, N_SAVED, BEST, MOVES, ANY_PRESSED, MARK_NUMBER, TOUCHED_CONTACTS = range(
    10
)

# of the problem
W_CHAIN = 16
W_FIRST = 18
W_STEP = 20
W_COUNT = 22
W_DURATION = 24
W_LOCAL = 26
IS_TABLE = 28
BLOCK = 30
DELAY_MS = 32
C_SATELLITE = 34
C_BASE = 36
C_LEAST_MS = 38
C_WIDEST_MS = 40
CM_BLOCK = 42
CM_MEMBER = 44
SC_BLOCK = 46
SC_CHAIN = 48
M_OPTION = 50
M_WINDOW = 52
M_LOW = 54
M_HIGH = 56
M_VOLUME = 58
M_CHAIN = 60
M_FIRST_MS = 62
M_LAST_MS = 64
O_TASK = 66
O_VALUE = 68
O_SHARE = 70
O_DEADLINE = 72
O_FIXED = 74
O_HOPELESS = 76
M_BLOCK = 78
T_BLOCK = 80
T_REQUEST = 82
RT_BLOCK = 84
RT_TASK = 86
CURVE_BLOCK = 88
CURVE_SHARE = 90
CURVE_VALUE = 92
OR_BLOCK = 94
OR_ROW = 96
OR_FACTOR = 98
ROW_BLOCK = 100
ROW_OPTION = 102
ROW_FACTOR = 104
R_LIMIT = 106
S_PRESSED = 108
S_PRESSES = 110
S_MEMORY = 112
S_DUTY = 114
S_THERMAL = 116
BATTERY = 118
SUN_BLOCK = 120
SUN_MS = 122
ATT_BLOCK = 124
K_SATELLITE = 126
K_STATION = 128
K_START = 130
K_STOP = 132
K_VOLUME = 134
K_FREE = 136
SK_BLOCK = 138
SK_CONTACT = 140
ANTENNAS = 142
ORDER_WAYS = 144
# of the state
TAKEN = 146
LOAD = 148
SHARE = 150
USED = 152
SEQ = 154
EARLY = 156
LATE = 158
EARLY_MS = 160
LATE_MS = 162
C_SIZE = 164
C_SAVED = 166
SAVED = 168
OLD_SEQ = 170
OLD_EARLY = 172
OLD_LATE = 174
OLD_USED = 176
LOG = 178
OUT = 180
MARK = 182
CANDIDATE = 184
BEST_TAKEN = 186
BEST_START = 188
BEST_USED = 190
K_SENT = 192
P_MEMBER = 194
P_AT = 196
P_START = 198
P_STOP = 200
P_WRITTEN = 202
P_DEADLINE = 204
# of the array F
O_WORTH = 206
O_SECONDS = 208
B_RATE = 210
B_FIRST = 212
ATT_START = 214
ATT_STOP = 216
KEY = 218

#: Numbers before the first region.
HEADER = 220
