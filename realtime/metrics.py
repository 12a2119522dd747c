"""What an operator wants to know about the streams."""

from prometheus_client import Counter, Gauge

open_streams = Gauge(
    "aiw3_streams_open", "Open streams", ["transport"], multiprocess_mode="livesum"
)
opened = Counter("aiw3_streams_opened_total", "Streams that started", ["transport"])
closed = Counter("aiw3_streams_closed_total", "Streams that ended, by reason", ["reason"])
refused = Counter("aiw3_streams_refused_total", "Streams that did not start", ["error_code"])
dispatched = Counter("aiw3_hub_events_total", "Events that the hub dispatched")
delivered = Counter("aiw3_hub_deliveries_total", "Events handed to a stream, one each")
gaps = Counter("aiw3_hub_gaps_total", "Pushed messages with something missing before them")
read_from_log = Counter("aiw3_hub_log_events_total", "Events that the hub read from the log")
deaf = Gauge("aiw3_hub_deaf", "1 while the hub hears nothing", multiprocess_mode="livemax")
