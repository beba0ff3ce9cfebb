import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Name } from '../../elements/name.tsx'

const useStyles = makeStyles({
  description: {
    marginLeft: tokens.spacingHorizontalS,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
})

/** A name, which is usually a link, and its description. */
export function DescribedName({
  children,
  description,
}: {
  readonly children: ReactNode
  readonly description: string | undefined
}) {
  const styles = useStyles()
  return (
    <>
      <Name>{children}</Name>
      {description !== undefined && description !== '' && ' '}
      {description !== undefined && description !== '' && (
        <span className={styles.description}>
          <Name>{description}</Name>
        </span>
      )}
    </>
  )
}
