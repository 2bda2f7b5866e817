// Stands in for the test cluster's chatter where containers are processes of this machine. CH_LINES, CH_RATE (lines a
// second, 0: full speed), CH_SIZE (padding), CH_ERR (a stderr line every n), CH_EXIT.
const number = (name, fallback) => Number(process.env[name] ?? fallback);
const [lines, rate, every] = [number("CH_LINES", 10), number("CH_RATE", 0), number("CH_ERR", 0)];
const padding = "x".repeat(number("CH_SIZE", 0));
const now = () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
const write = (stream, text) => stream.write(text) || new Promise((resolve) => stream.once("drain", resolve));
const start = performance.now();
for (let index = 0; index < lines; index++) {
  const due = rate > 0 ? start + (index * 1000) / rate - performance.now() : 0;
  if (due > 1) await new Promise((resolve) => setTimeout(resolve, due));
  await write(process.stdout, `{"text":"seq=${index} t=${now()} ${padding}"}\n`);
  if (every > 0 && index % every === 0) await write(process.stderr, `warn seq=${index}\n`);
}
process.exitCode = number("CH_EXIT", 0);
