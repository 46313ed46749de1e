"""What can go wrong with a server, said in one Italian sentence for whoever starts or prepares it."""


class ErroreServer(Exception):
    """The embedded server cannot be used; the text says why and what to do."""


class ErroreBootstrap(Exception):
    """The server cannot be prepared; the text says why."""
