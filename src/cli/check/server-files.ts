import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type KeyFinding, type KeyPath, problem } from '../../config/problem.ts'
import type {
  PemServerCertificate,
  Pkcs12ServerCertificate,
  ServerCertificateConfig,
} from '../../config/schema.ts'
import { certificatesAbove } from '../../pki/above.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import { readPkcs12 } from '../../pki/pkcs12.ts'
import { messageOf } from '../../policy/error.ts'
import { familyOf } from '../../policy/key-types.ts'
import { type ReadCertificate, readCertificates } from './certificate-file.ts'
import { type CheckContext, type Outcome, readBytes, readPem } from './context.ts'
import { checkIssued } from './issued-certificates.ts'
import { checkServerChain } from './server-certificate.ts'

/** A server certificate as far as `check` could read it. */
export interface CheckedServer {
  readonly findings: readonly KeyFinding[]
  /** null: it could not be read. */
  readonly shown: readonly ShownCertificate[] | null
}

export interface ShownCertificate {
  /** Of its key, such as rsa and ec. */
  readonly kind: string
  /** Tells it from others. */
  readonly id: string
}

/** Everything about one entry of `tls.certificates`: its files, the certificate, its chain and its key. */
export function checkServerCertificate(
  context: CheckContext,
  one: ServerCertificateConfig,
  path: KeyPath,
  names: readonly string[] | undefined,
): CheckedServer {
  if ('issue' in one) {
    const shown = one.keyTypes.map((name) => ({ kind: familyOf(name), id: path.join('.') }))
    return { findings: checkIssued(context, one, path), shown }
  }
  return 'pkcs12' in one ? checkBundle(context, one, path, names) : checkPair(context, one, path, names)
}

function checkPair(
  context: CheckContext,
  pair: PemServerCertificate,
  path: KeyPath,
  names: readonly string[] | undefined,
): CheckedServer {
  const certificatePath = [...path, 'certificate']
  const keyPath = [...path, 'key']
  const chain = readCertificates(context, pair.certificate)
  const key = readKey(context, pair)
  const findings: KeyFinding[] = []
  if (!chain.ok) findings.push(problem(certificatePath, chain.problem))
  if (!key.ok) findings.push(problem(keyPath, key.problem))
  findings.push(...secretMode(context, pair.key, keyPath))
  const leaf = chain.ok ? chain.value[0] : undefined
  if (!chain.ok || leaf === undefined) return { findings, shown: null }
  if (key.ok && !leaf.x509.checkPrivateKey(key.value)) {
    findings.push(problem(keyPath, `this key does not belong to the certificate ${leaf.facts.subject}`))
  }
  findings.push(...checkServerChain(chain.value, certificatePath, names, context.now))
  return { findings, shown: [shownOf(leaf)] }
}

/** The order of the certificates in a bundle means nothing: they are put into theirs before they are judged. */
function checkBundle(
  context: CheckContext,
  { pkcs12, passphrase }: Pkcs12ServerCertificate,
  path: KeyPath,
  names: readonly string[] | undefined,
): CheckedServer {
  const where = [...path, 'pkcs12']
  const findings: KeyFinding[] = [...secretMode(context, pkcs12, where)]
  const bytes = readBytes(context, pkcs12)
  if (!bytes.ok) return { findings: [problem(where, bytes.problem), ...findings], shown: null }
  try {
    const { certificate, chain } = readPkcs12(bytes.value, passphrase)
    const all = [certificate, ...certificatesAbove(certificate, chain)]
    const read = all.map((x509) => ({ x509, facts: certificateFacts(x509) }))
    // The root is left out of the handshake, whether it is in the bundle or not.
    const sent = read.filter(({ facts }, index) => index === 0 || !facts.selfIssued)
    findings.push(...checkServerChain(sent, where, names, context.now))
    return { findings, shown: read.slice(0, 1).map(shownOf) }
  } catch (error) {
    return { findings: [problem(where, `the file ${pkcs12}: ${messageOf(error)}`), ...findings], shown: null }
  }
}

function shownOf({ facts }: ReadCertificate): ShownCertificate {
  return { kind: facts.key.type, id: facts.fingerprint }
}

/** The messages of OpenSSL stay out: they say less, and one never knows what they quote. */
function readKey(context: CheckContext, pair: PemServerCertificate): Outcome<KeyObject> {
  const text = readPem(context, pair.key)
  if (!text.ok) return text
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text.value)
  if (encrypted && pair.passphrase === undefined) {
    return {
      ok: false,
      problem: `the key ${pair.key} is encrypted; name the file of its passphrase in passphraseFile`,
    }
  }
  try {
    const { passphrase } = pair
    return {
      ok: true,
      value: createPrivateKey({ key: text.value, ...(passphrase === undefined ? {} : { passphrase }) }),
    }
  } catch {
    const why = encrypted
      ? 'cannot be decrypted with this passphrase'
      : 'holds no PEM private key that can be read'
    return { ok: false, problem: `the file ${pair.key} ${why}` }
  }
}

/** A00.FR.602. The group may read it: that is how a container without root gets it. */
function secretMode(context: CheckContext, file: string, path: KeyPath): KeyFinding[] {
  const facts = context.stat(file)
  if (facts === null || (facts.mode & 0o007) === 0) return []
  const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
  return [
    problem(path, `every user of the machine can reach the key ${file} (mode ${mode}); chmod 600 it`, [
      'A00.FR.602',
    ]),
  ]
}
