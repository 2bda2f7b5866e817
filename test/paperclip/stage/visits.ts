import { type Browser, pictured, startBrowser } from "./browser.ts";
import { type PaperclipPage, paperclipPage } from "./paperclip-page.ts";

interface VisitOptions {
  /** Leaves the page's sandbox for parsers as it is (see `startable-sandbox.ts`). */
  untouched?: boolean;
}

export interface Visits {
  visit(story: (page: PaperclipPage) => Promise<void>, options?: VisitOptions): Promise<void>;
  stop(): Promise<void>;
}

/** The browser starts, and its user signs in, with the first visit. `home` has the company's part of the path. */
export function createVisits(home: string): Visits {
  let signedIn: Promise<Browser> | undefined;
  return {
    async visit(story, { untouched = false } = {}) {
      signedIn ??= signIn(home);
      const page = await (await signedIn).open({ sandboxStarts: !untouched });
      await pictured(page, () => story(paperclipPage(page, home)));
    },
    stop: async () => (await signedIn?.catch(() => undefined))?.stop(),
  };
}

async function signIn(home: string): Promise<Browser> {
  const browser = await startBrowser(home);
  try {
    const page = await browser.open();
    await pictured(page, () => paperclipPage(page, home).signIn());
    return browser;
  } catch (error) {
    await browser.stop();
    throw error;
  }
}
