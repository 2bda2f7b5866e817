import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { startableSandbox } from "./startable-sandbox.ts";

const program = "/usr/bin/chromium";
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Browser {
  /** A page that reaches nothing but Paperclip's own address. */
  open(options?: { sandboxStarts?: boolean }): Promise<Page>;
  stop(): Promise<void>;
}

/** Debian's Chromium with a new, empty profile; one that is signed in stays so. */
export async function startBrowser(baseUrl: string): Promise<Browser> {
  if (!existsSync(program)) {
    throw new Error(
      `${program} is not there: the suite uses Paperclip's page in Chromium (Debian: apt-get install -y chromium)`,
    );
  }
  const profile = await mkdtemp(join(tmpdir(), "paperclip-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    args,
    viewport: { width: 1400, height: 1100 },
  });
  await context.route(
    (url) => url.protocol.startsWith("http") && url.origin !== new URL(baseUrl).origin,
    (route) => route.abort(),
  );
  return {
    async open({ sandboxStarts = true } = {}) {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      if (sandboxStarts) await page.addInitScript({ content: startableSandbox });
      return page;
    },
    async stop() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Runs a story on a page; if it fails, the error names a picture of the page as it was then. */
export async function pictured(page: Page, story: () => Promise<void>): Promise<void> {
  try {
    await story();
  } catch (error) {
    const path = join(await mkdtemp(join(tmpdir(), "paperclip-page-")), "page.png");
    await page.screenshot({ path }).catch(() => {});
    throw new Error(`${(error as Error).message}\n(${page.url()}, seen in ${path})`, { cause: error });
  } finally {
    await page.close();
  }
}
