import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { LockClosedRegular } from '@fluentui/react-icons'
import { useSession } from '../../api/use-session.ts'
import { texts } from '../texts/texts.ts'
import { CaptionedText } from './captioned-text.tsx'

const useStyles = makeStyles({
  forbidden: {
    display: 'grid',
    gridTemplateColumns: 'auto minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
    maxWidth: '640px',
    boxSizing: 'border-box',
    padding: tokens.spacingHorizontalL,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  icon: { fontSize: '20px', color: tokens.colorBrandForeground1 },
  text: { display: 'grid', rowGap: tokens.spacingVerticalM, gridTemplateColumns: 'minmax(0, 1fr)' },
})

type ForbiddenProps = {
  /** What the roles of the person do not allow. */
  readonly why: string
  /** The name of the registry. */
  readonly registry: string
  /** The name of the role that allows it. */
  readonly role: string
}

/** Says what is missing, whom to ask, and with which command an owner grants it. */
export function Forbidden({ why, registry, role }: ForbiddenProps) {
  const styles = useStyles()
  const { data: session } = useSession()
  return (
    <div className={styles.forbidden}>
      <LockClosedRegular className={styles.icon} aria-hidden />
      <div className={styles.text}>
        <Text weight="semibold">{why}</Text>
        <Text>{texts.forbidden.ask(registry, role)}</Text>
        {session !== undefined && (
          <CaptionedText
            label={texts.forbidden.command}
            text={`acrux role assignment create --assignee ${shellWord(session.person.userPrincipalName)} --role '${role}' --scope "$(acrux acr show -n ${registry} --query id -o tsv)"`}
          />
        )}
      </div>
    </div>
  )
}
