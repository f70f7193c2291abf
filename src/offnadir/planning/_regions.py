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
CURVE_BLOCK = 84
CURVE_SHARE = 86
CURVE_VALUE = 88
OR_BLOCK = 90
OR_ROW = 92
OR_FACTOR = 94
ROW_BLOCK = 96
ROW_OPTION = 98
ROW_FACTOR = 100
R_LIMIT = 102
S_PRESSED = 104
S_PRESSES = 106
S_MEMORY = 108
S_DUTY = 110
S_THERMAL = 112
BATTERY = 114
SUN_BLOCK = 116
SUN_MS = 118
ATT_BLOCK = 120
K_SATELLITE = 122
K_STATION = 124
K_START = 126
K_STOP = 128
K_VOLUME = 130
K_FREE = 132
SK_BLOCK = 134
SK_CONTACT = 136
ANTENNAS = 138
ORDER_WAYS = 140
# of the state
TAKEN = 142
LOAD = 144
SHARE = 146
USED = 148
SEQ = 150
EARLY = 152
LATE = 154
EARLY_MS = 156
LATE_MS = 158
C_SIZE = 160
C_SAVED = 162
SAVED = 164
OLD_SEQ = 166
OLD_EARLY = 168
OLD_LATE = 170
OLD_USED = 172
LOG = 174
OUT = 176
MARK = 178
CANDIDATE = 180
BEST_TAKEN = 182
BEST_START = 184
BEST_USED = 186
K_SENT = 188
P_MEMBER = 190
P_AT = 192
P_START = 194
P_STOP = 196
P_WRITTEN = 198
P_DEADLINE = 200
# of the array F
O_WORTH = 202
O_SECONDS = 204
B_RATE = 206
B_FIRST = 208
ATT_START = 210
ATT_STOP = 212
KEY = 214

#: Numbers before the first region.
HEADER = 216
