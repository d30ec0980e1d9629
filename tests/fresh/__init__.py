"""The README's commands on machines that have nothing: `make fresh`, and docs/fresh-machines.md."""
