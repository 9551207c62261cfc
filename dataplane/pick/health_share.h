#pragma once
namespace sluice::pick { class HealthShare {}; }
