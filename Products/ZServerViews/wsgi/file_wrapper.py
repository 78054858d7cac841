"""The ``wsgi.file_wrapper`` of PEP 3333: a file as an answer."""
from __future__ import absolute_import, division, print_function


class FileWrapper(object):
    """An iterable of a file's blocks; what a view may return.

    Its length becomes the Content-Length where the file can tell it. The file
    is read in the event loop: while a slow disk is read the site waits, unless
    the view is offloaded.
    """

    def __init__(self, filelike, block_size=32768):
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self):
        return iter(lambda: self.filelike.read(self.block_size), b'')

    def bytes_left(self):
        """How many bytes come from here on, or None if the file cannot say."""
        try:
            here = self.filelike.tell()
            self.filelike.seek(0, 2)
            end = self.filelike.tell()
            self.filelike.seek(here)
        except (AttributeError, EnvironmentError, ValueError):
            return None
        return end - here

    def close(self):
        close = getattr(self.filelike, 'close', None)
        if close is not None:
            close()
