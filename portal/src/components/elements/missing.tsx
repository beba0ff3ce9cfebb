import { texts } from '../texts/texts.ts'
import { Page } from './page.tsx'

/** In place of a view whose address names nothing. */
export function Missing() {
  return (
    <Page title={texts.errors.missing}>
      <p>{texts.errors.missingNext}</p>
      <a href="/portal/">{texts.home}</a>
    </Page>
  )
}
