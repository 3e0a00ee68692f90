"""`python -m cleanplate` is the command line."""

from cleanplate.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
