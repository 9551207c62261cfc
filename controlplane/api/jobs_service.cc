#include "controlplane/api/jobs_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/jobs/lease.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const jobs::JobState& row, v1::Job& into) {
  into.set_name(row.name);
  into.set_owner(row.owner);
  if (row.lease_until) set_time(into.mutable_lease_until(), *row.lease_until);
  set_time(into.mutable_next_run_at(), row.next_run_at);
  if (row.last_started_at) set_time(into.mutable_last_started_at(), *row.last_started_at);
  if (row.last_ended_at) set_time(into.mutable_last_ended_at(), *row.last_ended_at);
  into.set_last_duration_us(row.last_duration.count());
  into.set_last_outcome(row.last_outcome);
  into.set_last_error(row.last_error);
  into.set_last_rows(row.last_rows);
}

}  // namespace

grpc::Status JobServiceImpl::ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                                      v1::ListJobsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto rows = jobs::list_job_states(call.tx);
    if (!rows) return std::unexpected(rows.error());
    for (const jobs::JobState& row : *rows)
      to_message(row, *response->add_jobs());
    return {};
  });
}

grpc::Status JobServiceImpl::TriggerJob(grpc::ServerContext* context, const v1::TriggerJobRequest* request,
                                        v1::TriggerJobResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> done = jobs::trigger_job(call.tx, request->name()); !done) return done;
    return call.audit("job.trigger", "job", request->name(), nullptr, nullptr);
  });
}

}  // namespace sluice::api
