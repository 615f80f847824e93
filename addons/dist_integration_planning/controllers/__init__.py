from . import exports, plans
