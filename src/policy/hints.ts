import { type HintFacts, readHintFacts } from './hint-facts.ts'
import { isReasonCode, type ReasonCode, reasons } from './reasons.ts'

/** What a hint is made from: the part of a rejection record that it needs. */
export interface HintSource {
  readonly reason: string
  readonly listener: string
  readonly profile: number
  readonly identity: string | null
  readonly facts: Readonly<Record<string, unknown>>
}

/** Null: these facts do not tell more than the table of reasons does. */
type Hint = (facts: HintFacts, record: HintSource) => string | null

const namesShown = 6

/**
 * What an operator can do about one refusal, from what was seen of this very connection; without
 * such facts, the hint of the table of reasons. The text may hold what a peer sent: escape it for
 * the place where it is shown.
 */
export function hintFor(record: HintSource): string {
  if (!isReasonCode(record.reason))
    return 'This version does not know the reason; a newer one wrote the record.'
  const concrete = hints[record.reason]?.(readHintFacts(record.facts), record) ?? null
  return concrete ?? reasons[record.reason].hint
}

const hints: Partial<Record<ReasonCode, Hint>> = {
  tls_version: ({ hello, listener, chargePoint }, record) => {
    if (hello?.version == null) return null
    const seen = `This charge point offered ${hello.version} at most${withSuites(hello.cipherSuites)}; listener ${record.listener} has legacy: ${listener.legacy ?? false}.`
    if (listener.legacy !== true) {
      return `${seen} Update its firmware, or set tls.legacy: true on the listener and run \`${set(record, '--legacy-tls')}\`.`
    }
    if (chargePoint?.legacyTls === true) return seen
    return `${seen} The charge point is not marked for it: \`${set(record, '--legacy-tls')}\`.`
  },

  tls_cipher: ({ hello }) => {
    if (hello === null || hello.cipherSuites.length === 0) return null
    return `This charge point offered ${hello.version ?? 'TLS'}${withSuites(hello.cipherSuites)}. It needs one of the four mandatory suites (A00.FR.317), and the listener the RSA or ECDSA certificate that goes with it.`
  },

  tls_signature_algorithm: ({ hello }, { listener }) => {
    if (hello === null) return null
    if (hello.signatureAlgorithms === null) {
      return `This charge point sent no signature_algorithms; set tls.compat.missingSignatureAlgorithms: true on listener ${listener}.`
    }
    return `This charge point offered ${some(hello.signatureAlgorithms)}; one with SHA-256 or better that fits an RSA or ECDSA certificate is needed.`
  },

  tls_group: ({ hello }) =>
    hello === null || hello.groups.length === 0
      ? null
      : `This charge point offered ${some(hello.groups)}; it needs P-256, P-384, X25519 or X25519MLKEM768.`,

  client_cert_untrusted: ({ certificate }, { listener }) =>
    certificate?.issuer == null
      ? null
      : `The certificate ${certificate.subject ?? ''} was issued by ${certificate.issuer}. Add the root above it to clientCertificates.trust of listener ${listener}, or let the charge point send its intermediate certificates.`,

  client_cert_expired: ({ certificate }) =>
    certificate?.notAfter == null
      ? null
      : `The certificate ${certificate.subject ?? ''} was valid until ${dateOf(certificate.notAfter)}; look at those above it too. Renew it (A02); until then client_cert_expired: report admits it.`,

  client_cert_not_yet_valid: ({ certificate }) =>
    certificate?.notBefore == null
      ? null
      : `The certificate is valid from ${dateOf(certificate.notBefore)}. Compare the clocks of the authority and of this machine.`,

  client_cert_weak_key: ({ certificate }) =>
    certificate?.key == null
      ? null
      : `The charge point's own key is ${certificate.key}. Every key in the path needs 112 bits of strength: RSA >= 2048 or P-256.`,

  client_cert_organization: ({ certificate }, record) =>
    certificate?.subject == null
      ? null
      : certificate.isFactory
        ? `The subject is ${certificate.subject}, signed by a manufacturer: good for onboarding only. Configure \`onboarding\`, and register the charge point for it: \`${set(record, '--onboarding certificate')}\`.`
        : `The subject is ${certificate.subject}; its O must be one of cpo.names, letter for letter.`,

  client_cert_common_name: ({ certificate, chargePoint }, record) => {
    if (certificate?.subject == null || chargePoint === null) return null
    const subject = `The subject is ${certificate.subject}`
    return chargePoint.serialNumber === null
      ? `${subject}, and no serial number is registered for this identity: \`${set(record, '--serial <CN>')}\`.`
      : `${subject}, and the serial number registered for this identity is ${chargePoint.serialNumber}. Correct the one that is wrong (\`${set(record, '--serial <CN>')}\`), or find who uses the certificate of another.`
  },

  client_cert_shared: (_facts, record) =>
    `Two charge points share this key, or one was copied. Give each its own; \`charge-points remove\` of the one that owns it frees the key for ${nameOf(record)}.`,

  path_unknown: ({ listener }, record) =>
    listener.path === null
      ? null
      : `On listener ${record.listener} the URL must end in ${listener.path === '/' ? '' : listener.path}/<identity>.`,

  subprotocol: ({ listener }, record) =>
    listener.protocols.length === 0
      ? null
      : `Listener ${record.listener} serves ${listener.protocols.join(', ')}; the charge point must offer it in Sec-WebSocket-Protocol.`,

  charge_point_unknown: (_facts, record) =>
    record.identity === null
      ? null
      : `Register it: \`charge-points add ${nameOf(record)}\`; or let admission.unknownChargePoints: learn do so for a while.`,

  charge_point_blocked: (_facts, record) => `\`charge-points unblock ${nameOf(record)}\` admits it again.`,

  credentials_missing: (_facts, record) =>
    `Set AuthorizationKey on the charge point; \`credentials generate ${nameOf(record)}\` makes one. Some charge points send it only after a first 401.`,

  credentials_invalid: (_facts, record) =>
    `Set the password anew with \`credentials set ${nameOf(record)}\` or \`credentials generate ${nameOf(record)}\`, and the same on the charge point.`,

  profile_mismatch: ({ chargePoint }, record) => {
    const kept = chargePoint?.securityProfile ?? null
    if (record.profile === 0 && !kept && chargePoint?.migrating === false) {
      return `Listener ${record.listener} asks nobody for proof: while the fleet is migrated, \`${set(record, '--migrating')}\` lets this charge point in there.`
    }
    if (kept === null) return null
    const seen = `This charge point is kept on profile ${kept}, and listener ${record.listener} is profile ${record.profile}.`
    return record.profile > kept
      ? `${seen} To upgrade it: \`${set(record, `--upgrade-to ${record.profile}`)}\`.`
      : `${seen} A lower profile is never accepted again (A05.FR.09): correct its URL; after a factory reset \`${set(record, `--profile ${record.profile}`)}\` starts anew.`
  },
}

function set(record: HintSource, option: string): string {
  return `charge-points set ${nameOf(record)} ${option}`
}

/** The identity as a word for a shell. */
function nameOf({ identity }: HintSource): string {
  if (identity === null) return '<identity>'
  return /^[\w.:@%+,-]+$/.test(identity) ? identity : `'${identity.replaceAll("'", "'\\''")}'`
}

function withSuites(suites: readonly string[]): string {
  return suites.length === 0 ? '' : ` with ${some(suites)} only`
}

function some(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const rest = names.length - namesShown
  return rest > 0 ? `${names.slice(0, namesShown).join(', ')} and ${rest} more` : names.join(', ')
}

/** A date beyond what a clock can hold is told as it is. */
function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString()
}
