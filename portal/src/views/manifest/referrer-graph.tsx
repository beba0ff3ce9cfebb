import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import type { Descriptor } from '../../api/pushed-types.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { Digest } from '../../components/registries/digest.tsx'
import { formatTime, shortDigest } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { ManifestLink } from '../repositories/manifest-link.tsx'
import { kindOf } from './referrer-kind.ts'
import { useReferrers } from './use-manifest.ts'

const view = imagesTexts.referrers

const useStyles = makeStyles({
  toggle: { minWidth: 'auto' },
  list: {
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    // The edges of the graph.
    borderLeft: `2px solid ${tokens.colorNeutralStroke1}`,
    marginLeft: tokens.spacingHorizontalM,
  },
  node: {
    position: 'relative',
    paddingLeft: tokens.spacingHorizontalXXL,
    paddingTop: tokens.spacingVerticalS,
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '1.4rem',
      width: '1rem',
      borderTop: `2px solid ${tokens.colorNeutralStroke1}`,
    },
  },
  line: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    minHeight: '2rem',
    overflowWrap: 'anywhere',
  },
  detail: { color: tokens.colorNeutralForeground2 },
})

const colors = { signature: 'success', sbom: 'informative', attestation: 'brand', other: 'subtle' } as const

type GraphProps = { readonly loginServer: string; readonly repository: string; readonly digest: string }

/** What refers to a manifest, and what refers to that, as a graph whose root is the manifest. */
export function ReferrerGraph({ loginServer, repository, digest }: GraphProps) {
  const styles = useStyles()
  return (
    <Section title={view.title}>
      <div className={styles.line}>
        <Badge appearance="outline">{view.thisManifest}</Badge>
        <Digest digest={digest} />
      </div>
      <Referrers loginServer={loginServer} repository={repository} digest={digest} isRoot />
    </Section>
  )
}

function Referrers({ loginServer, repository, digest, isRoot = false }: GraphProps & { readonly isRoot?: boolean }) {
  const styles = useStyles()
  const query = useReferrers({ loginServer, repository }, digest)
  return (
    <Loaded query={query}>
      {(referrers) =>
        referrers.length === 0 ? (
          <Text>{isRoot ? texts.manifestView.noReferrers : view.nothing}</Text>
        ) : (
          <ul className={styles.list}>
            {referrers.map((referrer) => (
              <li key={referrer.digest} className={styles.node}>
                <Referrer loginServer={loginServer} repository={repository} referrer={referrer} />
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  )
}

type ReferrerProps = { readonly loginServer: string; readonly repository: string; readonly referrer: Descriptor }

function Referrer({ loginServer, repository, referrer }: ReferrerProps) {
  const { name } = useAddressedRegistry()
  const styles = useStyles()
  const [isOpen, setOpen] = useState(false)
  const { digest, artifactType, mediaType, size, annotations = {} } = referrer
  const kind = kindOf(referrer)
  const created = annotations['org.opencontainers.image.created']
  return (
    <>
      <div className={styles.line}>
        <Badge appearance="tint" color={colors[kind]}>
          {view.kinds[kind]}
        </Badge>
        <ManifestLink registry={name} repository={repository} reference={digest} />
        <Text className={styles.detail}>{artifactType ?? mediaType}</Text>
        <Text className={styles.detail}>{sizeText(size)}</Text>
        {created !== undefined && <Text className={styles.detail}>{formatTime(created)}</Text>}
        <Button
          className={styles.toggle}
          size="small"
          appearance="subtle"
          aria-expanded={isOpen}
          aria-label={view.open(shortDigest(digest))}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? '−' : '+'}
        </Button>
      </div>
      {isOpen && <Referrers loginServer={loginServer} repository={repository} digest={digest} />}
    </>
  )
}
