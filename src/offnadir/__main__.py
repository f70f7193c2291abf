"""`python -m offnadir` is the command `offnadir`."""

from offnadir.cli import main

main()
