"""Jobs of this app."""

from celery import shared_task

from events.replay_orders import run_order, send_orders_again

AN_HOUR = 3600


@shared_task(name="events.replay", time_limit=AN_HOUR, soft_time_limit=AN_HOUR - 10)
def replay(order_id: int) -> None:
    run_order(order_id=order_id)


@shared_task(name="events.redrive_replays")
def redrive_replays() -> None:
    send_orders_again()
