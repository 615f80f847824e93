from . import exports
