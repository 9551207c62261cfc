// Which accounts may join which groups, as SQL. For this folder.
#pragma once

// True if an account of this provider may join a group of these platforms: any if there are none. A hybrid antigravity
// account serves the models of Anthropic and of Google, so it may join their groups.
#define SLUICE_MAY_JOIN(provider, hybrid, platforms)                                        \
  "(" platforms " = '{}' OR " provider " = ANY(" platforms ") OR (" hybrid " AND " provider \
  " = 'antigravity' AND " platforms " && '{anthropic,gemini}'))"
