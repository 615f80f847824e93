"""Which environment a server runs in, and whether a system made for another may be called from it."""

ENVIRONMENTS = [
    ("production", "Production"),
    ("staging", "Staging"),
    ("test", "Test"),
    ("development", "Development"),
]

# spellings in use for OCA's `running_env`
_SPELLINGS = {
    "prod": "production",
    "production": "production",
    "staging": "staging",
    "preprod": "staging",
    "qa": "staging",
    "test": "test",
    "integration": "test",
    "dev": "development",
    "devel": "development",
    "development": "development",
}


def normalize_environment(running_env):
    """Environment that a configured ``running_env`` means.

    :param running_env: text from the configuration, may be empty or None
    :return: a key of ENVIRONMENTS; None when nothing is configured
    :raises ValueError: the text is not a known environment
    """
    text = (running_env or "").strip().lower()
    if not text:
        return None
    if text not in _SPELLINGS:
        raise ValueError(f"running_env = {running_env!r} is not one of {', '.join(sorted(_SPELLINGS))}")
    return _SPELLINGS[text]


def may_call(system_environment, running_environment):
    """True when a system of one environment may be called from a server of the other.

    An unset running environment means "not production": everything made for production stays silent,
    everything else may fire.

    :param system_environment: key of ENVIRONMENTS
    :param running_environment: key of ENVIRONMENTS or None
    """
    if running_environment is None:
        return system_environment != "production"
    return system_environment == running_environment
