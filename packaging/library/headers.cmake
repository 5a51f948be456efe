# What an embedder includes. All else of the tree is internal, and its symbols stay inside the library
# (libmasterd.map). A public header includes public headers only.
set(masterd_public_headers
  fsm/clock.h fsm/coroutine.h fsm/event.h fsm/event_loop.h fsm/mealy_coroutine.h fsm/signal_source.h
  fsm/task.h fsm/timer_queue.h fsm/watch.h
  config/load.h config/process_spec.h config/ready_spec.h config/spec.h
  proto/client.h proto/endpoint.h proto/event.h proto/failures.h proto/rpc.h proto/subscriber.h
  proto/text.h
  supervisor/cgroup.h supervisor/child.h supervisor/coprocess_state.h supervisor/exit_source.h
  supervisor/exit_status.h supervisor/output_ring.h supervisor/owned_fd.h supervisor/process.h
  supervisor/reconcile.h supervisor/restart_policy.h supervisor/sink.h supervisor/spawn_error.h
  supervisor/supervisor_fsm.h)
