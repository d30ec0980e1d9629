"""The README's commands on machines that have nothing: `python3 -m tests.fresh --help`."""
