// Realistic request bodies: a conversation about code with tools, escaped as JSON, not filler. Sizes are approximate.
const source = `#include <vector>\n\n// Keeps the "last good" value.\ntemplate <class T>\nclass Cache {\n public:\n  explicit Cache(std::size_t limit) : limit_(limit) {}\n\n  bool put(const std::string& key, T value) {\n    if (entries_.size() >= limit_ && !entries_.contains(key)) return false;\n    entries_[key] = std::move(value);\n    return true;\n  }\n\n private:\n  std::size_t limit_;\n  std::unordered_map<std::string, T> entries_;\n};\n`;
const tool = (i) => ({
  name: `read_file_${i}`, description: 'Reads a file of the work folder, e.g. "src/main.cc", and returns its lines with numbers.',
  input_schema: { type: 'object', properties: { path: { type: 'string', description: 'Path below the work folder' }, from: { type: 'integer' }, to: { type: 'integer' } }, required: ['path'] },
});

export function body(model, stream, bytes) {
  const request = {
    model, max_tokens: 1024, stream, system: 'You are a careful reviewer of C++ code.\nAnswer in plain words.',
    tools: bytes > 4000 ? [1, 2, 3, 4].map(tool) : [tool(1)],
    metadata: { user_id: '{"device_id":"0f","session_id":"2b7e1516-28ae-4d2a-a6ab-f7158809cf4f"}' },
    messages: [{ role: 'user', content: 'Please review this:\n' }],
  };
  for (let turn = 0; JSON.stringify(request).length < bytes; turn++) {
    const missing = bytes - JSON.stringify(request).length;
    const text = `${source.repeat(Math.max(1, Math.min(8, Math.ceil(missing / 800))))}// part ${turn} – “done”\n`.slice(0, Math.max(20, missing));
    request.messages.push({ role: turn % 2 ? 'user' : 'assistant', content: text });
  }
  return JSON.stringify(request);
}

export function httpRequest(host, key, json) {
  return `POST /v1/messages HTTP/1.1\r\nHost: ${host}\r\nx-api-key: ${key}\r\nanthropic-version: 2023-06-01\r\nuser-agent: bench/1\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}
