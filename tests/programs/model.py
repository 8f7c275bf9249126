#!/usr/bin/env python3
"""model.py COMMAND: stands in for the model of a coding agent, on a port of the loopback that it prints. Asked, it has the agent run
COMMAND by the tool for commands; what came out of that, which the agent sends with the next question, goes to standard output."""
import http.server
import json
import sys


def events(content):
    """The parts of one answer as the messages interface streams them: a list of (name, data)."""
    kind = content["type"]
    yield "message_start", {"message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}}
    if kind == "text":
        yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
        yield "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": content["text"]}}
    else:
        yield "content_block_start", {"index": 0, "content_block": {**content, "input": {}}}
        yield "content_block_delta", {"index": 0, "delta": {"type": "input_json_delta", "partial_json": json.dumps(content["input"])}}
    yield "content_block_stop", {"index": 0}
    yield "message_delta", {"delta": {"stop_reason": "end_turn" if kind == "text" else "tool_use", "stop_sequence": None},
                            "usage": {"output_tokens": 1}}
    yield "message_stop", {}


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        results = [part for message in asked.get("messages", []) if isinstance(message.get("content"), list)
                   for part in message["content"] if part.get("type") == "tool_result"]
        tools = [tool.get("name") for tool in asked.get("tools", [])]
        if results:
            print(json.dumps(results[-1]["content"]), flush=True)
        if "Bash" in tools and not results:
            content = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": sys.argv[1], "description": "work"}}
        else:
            content = {"type": "text", "text": "bailey words"}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if asked.get("stream") else "application/json")
        self.end_headers()
        if asked.get("stream"):
            for name, data in events(content):
                self.wfile.write(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode())
        else:
            self.wfile.write(json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [content],
                                         "stop_reason": "end_turn", "stop_sequence": None,
                                         "usage": {"input_tokens": 1, "output_tokens": 1}}).encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(server.server_address[1], flush=True)
server.serve_forever()
