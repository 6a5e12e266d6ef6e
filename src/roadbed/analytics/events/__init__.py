"""What happened: events and exposures in files of columns, a folder a workspace, a part a day.

A batch is acknowledged once it lies on the disk under the digest of its idempotency key. `compaction` moves batches
into the parts of their days in one step, the replacement of the manifest: whoever is killed before it has moved
nothing, whoever is killed after it has moved everything. No event is lost by that, and none is there twice.
"""
