import axe from "axe-core"
import type { Page } from "playwright-core"

/** What is asked of a page's document: the project does not load the browser's types. */
interface PageDocument {
  readonly querySelector: (selector: string) => unknown
  readonly getAnimations: () => ReadonlyArray<{ readonly playState: string }>
}

/**
 * What axe finds wrong with a page, by the rules of WCAG 2.2 AA and good practice.
 *
 * It waits until nothing fades, for what is faded has less contrast for a moment.
 */
export const accessibilityProblems = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { readonly document: PageDocument }
    return document.querySelector(".htmx-request:not([hx-trigger=\"load\"])") === null &&
      document.getAnimations().every(({ playState }) => playState !== "running")
  })
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { readonly axe: typeof axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    })
  )
  return violations.flatMap(({ help, id, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}
