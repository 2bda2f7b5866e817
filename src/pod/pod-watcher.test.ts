import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { apiError, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { exited, open, pod, running } from "../../test/support/run-parts.ts";
import { ApiError } from "../cluster/api-error.ts";
import { createPodWatcher, type PodView, type PodWatcher } from "./pod-watcher.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

interface Stage {
  cluster: MemoryCluster;
  watcher: PodWatcher;
  view: PodView;
}

/** A watcher whose first view has read the pods and watches them. */
async function stage(prepare: (cluster: MemoryCluster) => void = () => {}): Promise<Stage> {
  const cluster = new MemoryCluster();
  prepare(cluster);
  const watcher = createPodWatcher(cluster, { namespace: "agents", labelSelector: "" });
  const view = watcher.view("job-1");
  await later(0);
  return { cluster, watcher, view };
}

const phaseOf = (view: PodView) => {
  const state = view.state();
  return state.kind === "present" ? state.pod.status?.phase : state.kind;
};

describe("a view", () => {
  test("shows the pod that is there, and each change of it", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod({ phase: "Pending" })));
    expect(phaseOf(view)).toBe("Pending");
    const changed = view.changed(open());
    cluster.put("pods", pod({ phase: "Running", state: running }));
    await changed;
    expect(phaseOf(view)).toBe("Running");
  });

  test("keeps the last state of a pod that was deleted: it holds the exit code", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod({ state: exited(3) })));
    cluster.remove("pods", "pod-1");
    await later(0);
    expect(view.state()).toMatchObject({ kind: "deleted", last: { metadata: { name: "pod-1" } } });
  });

  test("is not woken by other Jobs' pods", async () => {
    const { cluster, view } = await stage();
    view.state();
    let woken = false;
    void view.changed(open()).then(() => {
      woken = true;
    });
    cluster.put("pods", pod({ name: "pod-2", job: "job-2" }));
    await later(10);
    expect(woken).toBe(false);
    expect(phaseOf(view)).toBe("absent");
  });

  test("misses no change that came while nobody waited", async () => {
    const { cluster, view } = await stage();
    view.state();
    cluster.put("pods", pod());
    await later(0);
    await expect(view.changed(open())).resolves.toBeUndefined();
  });

  test("stops waiting when its run does", async () => {
    const { view } = await stage();
    view.state();
    const controller = new AbortController();
    const changed = view.changed(controller.signal);
    controller.abort(new Error("cancelled"));
    await expect(changed).rejects.toThrow("cancelled");
  });

  test("opened later finds what the watcher knows already", async () => {
    const { cluster, watcher } = await stage((cluster) => cluster.put("pods", pod({ name: "pod-2", job: "job-2" })));
    expect(phaseOf(watcher.view("job-2"))).toBe("Running");
    expect(cluster.count("list", "pods")).toBe(1);
  });
});

describe("one watch", () => {
  test("serves all runs of a namespace: a hundred views cost one list and one watch", async () => {
    const { cluster, watcher } = await stage();
    const views = Array.from({ length: 100 }, (_, index) => watcher.view(`job-${index}`));
    await later(1_000);
    expect(cluster.calls.map(({ verb }) => verb)).toEqual(["list", "watch"]);
    for (const view of views) view.close();
  });

  test("ends with the last view and starts anew with the next", async () => {
    const { cluster, watcher, view } = await stage((cluster) => cluster.put("pods", pod()));
    const second = watcher.view("job-2");
    view.close();
    await later(0);
    expect(cluster.openWatches).toBe(1);
    second.close();
    await later(1_000);
    expect(cluster.openWatches).toBe(0);
    const third = watcher.view("job-1");
    expect(phaseOf(third)).toBe("absent");
    await later(0);
    expect(phaseOf(third)).toBe("Running");
    expect(cluster.openWatches).toBe(1);
  });

  test("that the server ends goes on from where it was, without a list", async () => {
    const { cluster, view } = await stage();
    await later(2_000);
    cluster.endWatches();
    await later(0);
    cluster.put("pods", pod());
    await later(0);
    expect(phaseOf(view)).toBe("Running");
    expect(cluster.count("list", "pods")).toBe(1);
  });
});

test("reading the pods anew leaves nothing on the signal of a run that lives for days", async () => {
  const { view } = await stage();
  const { signal } = new AbortController();
  for (let asked = 0; asked < 50; asked++) await view.refresh(signal);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

describe("what a watch misses", () => {
  test("an event that never came is noticed when the watch has been silent too long", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod()));
    cluster.remove("pods", "pod-1", { silent: true });
    await later(160_000);
    expect(view.state().kind).toBe("deleted");
    expect(cluster.openWatches).toBe(1);
  });

  test("and by the list behind every watch, though the watch talks", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod()));
    cluster.remove("pods", "pod-1", { silent: true });
    for (let minute = 0; minute < 12; minute++) {
      cluster.put("pods", pod({ name: "pod-2", job: "job-2", status: { message: `minute ${minute}` } }));
      await later(60_000);
      cluster.endWatches();
    }
    await later(1_000);
    expect(view.state().kind).toBe("deleted");
  });

  test("410: what happened while the version was too old is read anew at once", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod()));
    let old = true;
    cluster.interference = {
      before: ({ verb }) => {
        if (verb !== "watch" || !old) return;
        old = false;
        cluster.put("pods", pod({ phase: "Failed", state: exited(1) }), { silent: true });
        throw apiError("gone");
      },
    };
    await later(2_000);
    cluster.endWatches();
    await later(10);
    expect(phaseOf(view)).toBe("Failed");
    expect(cluster.openWatches).toBe(1);
  });

  test("a pod of the same name and Job that replaced the first is shown", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod()));
    cluster.remove("pods", "pod-1", { silent: true });
    cluster.put("pods", { ...pod(), metadata: { ...pod().metadata, uid: "another" } }, { silent: true });
    await later(160_000);
    expect(view.state()).toMatchObject({ kind: "present", pod: { metadata: { uid: "another" } } });
  });
});

describe("an API that refuses", () => {
  const scope = { namespace: "agents", labelSelector: "" };

  /** A watch that goes wrong at once, and how often it was asked for: not for ever, or a watcher without a wait would never come back. */
  function failingWatch(fail: () => void) {
    const cluster = new MemoryCluster();
    const asked = { list: 0, watch: 0 };
    const watcher = createPodWatcher(
      {
        list: (...args) => {
          asked.list++;
          return cluster.list(...args);
        },
        async *watch() {
          if (++asked.watch > 1_000) await new Promise(() => {});
          fail();
        },
      },
      scope,
    );
    return { cluster, watcher, asked };
  }

  test.each([
    ["ends without a word", () => {}],
    [
      "is told that its version is too old",
      () => {
        throw apiError("gone");
      },
    ],
  ])("every watch, which %s: the waits between them grow, and the lists keep the view up to date", async (_, fail) => {
    const { cluster, watcher, asked } = failingWatch(fail);
    const view = watcher.view("job-1");
    await later(60_000);
    expect(asked.watch).toBeLessThan(20);
    expect(asked.list).toBe(asked.watch);
    cluster.put("pods", pod({ state: exited(0) }));
    await later(11_000);
    expect(view.state().kind).toBe("present");
    view.close();
  });

  test("and says how long to wait, is not asked before", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: () => {
        throw new ApiError("busy", { kind: "throttled", status: 429, retryAfterMs: 40_000 });
      },
    };
    const view = createPodWatcher(cluster, scope).view("job-1");
    await later(39_999);
    expect(cluster.calls).toHaveLength(1);
    await later(1);
    expect(cluster.calls).toHaveLength(2);
    view.close();
  });

  test("the watch, which the Role may not grant: the pods are asked for every few seconds", async () => {
    const { cluster, view } = await stage((cluster) => {
      cluster.interference = {
        before: ({ verb }) => {
          if (verb === "watch") throw apiError("denied");
        },
      };
    });
    cluster.put("pods", pod({ phase: "Pending" }));
    await later(3_100);
    expect(phaseOf(view)).toBe("Pending");
    cluster.remove("pods", "pod-1");
    await later(3_100);
    expect(view.state().kind).toBe("deleted");
    expect(cluster.count("list", "pods")).toBeLessThan(5);
  });

  test("everything for ten minutes: no view shows anything wrong, and all is known again after it", async () => {
    const { cluster, view } = await stage((cluster) => cluster.put("pods", pod()));
    cluster.interference = {
      before: () => {
        throw apiError("unreachable");
      },
    };
    cluster.endWatches();
    await later(600_000);
    expect(phaseOf(view)).toBe("Running");
    const asked = cluster.calls.length;
    expect(asked).toBeLessThan(150);
    cluster.interference = {};
    cluster.put("pods", pod({ phase: "Succeeded", state: exited(0) }), { silent: true });
    await later(11_000);
    expect(phaseOf(view)).toBe("Succeeded");
  });
});
