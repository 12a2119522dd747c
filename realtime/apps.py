from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        from events.groups import ConsumerGroup, register
        from realtime.pusher import push, push_head

        register(
            ConsumerGroup(name="realtime", handle=push, transactional=False, on_idle=push_head)
        )
