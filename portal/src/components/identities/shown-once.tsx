import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { CopyText } from '../elements/copy-text.tsx'
import { identitiesTexts } from '../texts/identities.ts'

type ShownOnceProps = { readonly label: string; readonly secret: string; readonly children?: ReactNode }

/** A secret that was just created. */
export function ShownOnce({ label, secret, children }: ShownOnceProps) {
  return (
    <>
      <Text weight="semibold">{label}</Text>
      <CopyText label={label} text={secret} />
      <Text>{identitiesTexts.shownOnce}</Text>
      {children}
    </>
  )
}
