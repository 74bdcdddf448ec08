"""The command line of the demo shop alone: `python -m demo.shop`."""

from demo.shop.command import main

if __name__ == "__main__":
    main()
