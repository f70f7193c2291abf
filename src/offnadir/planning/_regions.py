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
T_BLOCK = 84
T_REQUEST = 86
RT_BLOCK = 88
RT_TASK = 90
CURVE_BLOCK = 92
CURVE_SHARE = 94
CURVE_VALUE = 96
OR_BLOCK = 98
OR_ROW = 100
OR_FACTOR = 102
ROW_BLOCK = 104
ROW_OPTION = 106
ROW_FACTOR = 108
R_LIMIT = 110
S_PRESSED = 112
S_PRESSES = 114
S_MEMORY = 116
S_DUTY = 118
S_THERMAL = 120
BATTERY = 122
SUN_BLOCK = 124
SUN_MS = 126
ATT_BLOCK = 128
K_SATELLITE = 130
K_STATION = 132
K_START = 134
K_STOP = 136
K_VOLUME = 138
K_FREE = 140
SK_BLOCK = 142
SK_CONTACT = 144
ANTENNAS = 146
ORDER_WAYS = 148
# of the state
TAKEN = 150
LOAD = 152
SHARE = 154
USED = 156
SEQ = 158
EARLY = 160
LATE = 162
EARLY_MS = 164
LATE_MS = 166
C_SIZE = 168
C_SAVED = 170
SAVED = 172
OLD_SEQ = 174
OLD_EARLY = 176
OLD_LATE = 178
OLD_USED = 180
LOG = 182
OUT = 184
MARK = 186
CANDIDATE = 188
BEST_TAKEN = 190
BEST_START = 192
BEST_USED = 194
K_SENT = 196
P_MEMBER = 198
P_AT = 200
P_START = 202
P_STOP = 204
P_WRITTEN = 206
P_DEADLINE = 208
# of the array F
O_WORTH = 210
O_SECONDS = 212
B_RATE = 214
B_FIRST = 216
ATT_START = 218
ATT_STOP = 220
KEY = 222

#: Numbers before the first region.
HEADER = 224
