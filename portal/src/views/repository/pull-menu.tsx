import { Button, Popover, PopoverSurface, PopoverTrigger, makeStyles, tokens } from '@fluentui/react-components'
import { ArrowDownloadRegular, ChevronDownRegular } from '@fluentui/react-icons'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { createRegistryLogin } from '../../api/registry-login.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Segments } from '../../components/elements/segments.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { type Puller, pullCommand, pullSecretCommand } from '../../components/registries/pull-commands.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { texts } from '../../components/texts/texts.ts'
import { loginCommand } from '../registry/sign-in-commands.ts'

const view = repositoryTexts.pull

const useStyles = makeStyles({
  surface: {
    display: 'grid',
    rowGap: tokens.spacingVerticalM,
    gridTemplateColumns: 'minmax(0, 1fr)',
    boxSizing: 'border-box',
    width: '30rem',
    maxWidth: 'calc(100vw - 1rem)',
  },
  links: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
})

type PullMenuProps = {
  readonly repository: string
  /** What is pulled: a tag, if there is one, and a digest. */
  readonly tag: string | undefined
  readonly digest: string | undefined
  /** The program that pulls such an artifact. */
  readonly usual?: Puller
}

/** The button with the commands that pull an image, ready for each program. */
export function PullMenu(props: PullMenuProps) {
  const styles = useStyles()
  return (
    <Popover trapFocus positioning="below-end">
      <PopoverTrigger disableButtonEnhancement>
        <Button appearance="primary" icon={<ArrowDownloadRegular />}>
          {view.button} <ChevronDownRegular />
        </Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={view.title} className={styles.surface}>
        <PullCommands {...props} />
      </PopoverSurface>
    </Popover>
  )
}

function PullCommands({ repository, tag, digest, usual = 'docker' }: PullMenuProps) {
  const styles = useStyles()
  const { name, loginServer } = useAddressedRegistry()
  const [puller, setPuller] = useState<Puller>(usual)
  const isCluster = puller === 'kubernetes'
  const commandFor = (reference: string) => pullCommand(puller, loginServer, repository, reference)
  return (
    <>
      <Segments label={view.clients} options={view.names} chosen={puller} onChoose={setPuller} />
      {tag !== undefined && <CaptionedText label={isCluster ? view.image : view.byTag} text={commandFor(tag)} />}
      {digest !== undefined && (
        <CaptionedText label={isCluster ? view.imageByDigest : view.byDigest} text={commandFor(digest)} />
      )}
      {isCluster && <CaptionedText label={view.secret} text={pullSecretCommand(name, repository)} />}
      <div className={styles.links}>
        {puller !== 'kubernetes' && <CopyLogin puller={puller} />}
        <AppLink to="/r/$registry/tokens/new" params={{ registry: name }}>
          {view.createSecret}
        </AppLink>
      </div>
    </>
  )
}

/** Copies a command that signs the program in, with a token of three hours. The token is never shown. */
function CopyLogin({ puller }: { readonly puller: Exclude<Puller, 'kubernetes'> }) {
  const { loginServer } = useAddressedRegistry()
  const copy = useMutation({
    mutationFn: async () => {
      await navigator.clipboard.writeText(loginCommand(puller, await createRegistryLogin(loginServer)))
    },
    onSuccess: () => setTimeout(() => copy.reset(), 2000),
  })
  return (
    <>
      <Button disabled={copy.isPending} title={texts.registryView.loginHint} onClick={() => copy.mutate()}>
        <span aria-live="polite">{copy.isSuccess ? texts.copied : view.login}</span>
      </Button>
      {copy.isError && <ErrorView isAct error={copy.error} />}
    </>
  )
}
