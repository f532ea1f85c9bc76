"""Run f1cap as `python -m f1cap`."""

from f1cap.cli.app import main

if __name__ == "__main__":
    main()
