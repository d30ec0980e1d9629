"""`python -m hacienda.cli`."""

from hacienda.cli import main

main()
