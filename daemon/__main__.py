"""`python -m daemon` is the program `tocsin`."""

from daemon.cli import main

if __name__ == "__main__":
    main()
