def post_init_hook(env):
    env["dist.environment"]._confirm_database()
