import { defineConfig } from "vitest/config";

/** One project per floor of tests: what it needs decides where it runs. */
function project(name: string, include: string[], extra: object = {}) {
  return { test: { name, include, ...extra } };
}

export default defineConfig({
  test: {
    projects: [
      project("unit", ["src/**/*.test.ts", "test/{embedded,model,repository,support}/**/*.test.ts"], {
        sequence: { groupOrder: 0 },
      }),
      project("stories", ["test/embedded-stories/**/*.test.ts", "test/contract/{embedded,memory}.test.ts"], {
        globalSetup: "test/stories/all-rows-played.ts",
        // Each story has a cluster with processes of its own; several at once on two cores would test the machine.
        fileParallelism: false,
        testTimeout: 60_000,
        hookTimeout: 60_000,
        sequence: { groupOrder: 1 },
      }),
      project("dist", ["test/dist/**/*.test.ts"], { testTimeout: 60_000, sequence: { groupOrder: 2 } }),
      project("cluster", ["test/contract/real.test.ts", "test/cluster/**/*.test.ts"], {
        exclude: ["**/*-faults.test.ts"],
        testTimeout: 180_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      }),
      // They break the cluster for everybody, one thing at a time.
      project("faults", ["test/cluster/**/*-faults.test.ts"], {
        testTimeout: 600_000,
        hookTimeout: 300_000,
        fileParallelism: false,
      }),
      project("paperclip", ["test/paperclip/**/*.test.ts"], {
        testTimeout: 300_000,
        hookTimeout: 600_000,
        fileParallelism: false,
      }),
    ],
  },
});
