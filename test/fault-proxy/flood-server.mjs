// Serves one container's log of FLOOD_BYTES as fast as it is taken, in a process of its own: its memory is not the
// reader's. Prints its port; answers /sent with the bytes that left so far.
import { createServer } from "node:http";

const [total, nonce] = [Number(process.env.FLOOD_BYTES), process.env.FLOOD_NONCE];
const chunkBytes = 256 * 1024;
let sent = 0;

const server = createServer((request, response) => {
  if (request.url === "/sent") return response.end(String(sent));
  if (!request.url.includes("/log")) return response.writeHead(404).end("{}");
  let number = 0;
  const line = (text) => {
    const time = new Date(1_750_000_000_000 + number / 100).toISOString().slice(0, -1);
    return `${time}${String(number++ % 1e6).padStart(6, "0")}Z ${text}\n`;
  };
  const padding = "x".repeat(180);
  const more = () => {
    while (sent < total) {
      const lines = [];
      for (let size = 0; size < chunkBytes; size += 230) lines.push(line(`{"text":"seq=${number} ${padding}"}`));
      const chunk = Buffer.from(lines.join(""));
      sent += chunk.length;
      if (!response.write(chunk)) return response.once("drain", more);
    }
    response.end(line(`@${nonce}:done`) + line(`@${nonce}:end 0`));
  };
  response.write(line(`@${nonce}:start 1`));
  more();
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
