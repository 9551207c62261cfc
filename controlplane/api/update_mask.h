// The update_mask of REST requests. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>

#include "controlplane/api/route_table.h"

namespace sluice::api {

// Completes a request whose body is one of its fields. A mask that was given is spelled as in the proto, which
// protobuf's own rules get wrong before digits ("cacheWrite5m"). A PATCH without one changes what its body names, so
// that a field can also be set to zero. Call it before path variables are set: they are not part of the change.
void complete_mask(boost::json::object& request, const Route& route);

}  // namespace sluice::api
