"""The names of this app's background jobs, so that services can ask for them."""

DELIVER = "notifications.deliver"
REDRIVE = "notifications.redrive"
