/** Who may log in to a try-out cluster, by mechanism, all with the same password; the client's certificate says `tidecast`. */
export const USERS = {
  plain: 'tidecast-plain',
  'scram-sha-256': 'tidecast-scram',
  'scram-sha-512': 'tidecast-scram',
  oauthbearer: 'tidecast-oauth',
  certificate: 'tidecast',
}

const MODULES = 'org.apache.kafka.common.security'
const MECHANISMS = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER'
/** A broker asks for a new login when a token runs out, at the latest after this. */
const LONGEST_LOGIN_MS = 3_600_000

/**
 * Settings of a node that also listens with TLS, at SASL_SSL for logins and at SSL for client certificates.
 * @param {{ca: string, server: string}} certificates
 */
export function secureSettings({ ca, server }, password) {
  const login = (mechanism, module, options = '') => ({
    [`listener.name.sasl_ssl.${mechanism}.sasl.jaas.config`]: `${MODULES}.${module} required${options};`,
  })
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': server,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    'listener.name.ssl.ssl.client.auth': 'required',
    'ssl.principal.mapping.rules': 'RULE:^CN=(.*)$/$1/',
    'listener.name.sasl_ssl.sasl.enabled.mechanisms': MECHANISMS,
    ...login('plain', 'plain.PlainLoginModule', ` user_${USERS.plain}="${password}"`),
    ...login('scram-sha-256', 'scram.ScramLoginModule'),
    ...login('scram-sha-512', 'scram.ScramLoginModule'),
    // Without a validator of one's own Kafka takes unsecured tokens: good for trying, and for nothing else.
    ...login('oauthbearer', 'oauthbearer.OAuthBearerLoginModule', ' unsecuredLoginStringClaim_sub="broker"'),
    'listener.name.sasl_ssl.oauthbearer.connections.max.reauth.ms': LONGEST_LOGIN_MS,
  }
}

/** Options for the formatting of the storage: users of SCRAM are part of a cluster's metadata. */
export function scramUsers(password) {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USERS['scram-sha-256']},password=${password}]`,
  ])
}

/** Nobody but the plaintext listener, which is on loopback, may do anything that no ACL allows. */
export const ACL_SETTINGS = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'allow.everyone.if.no.acl.found': false,
}

/** A token as the cluster's own validator takes it: unsigned, so for trying only. */
export function unsecuredToken(subject, lifetimeSeconds, nowMs = Date.now()) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(nowMs / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat, exp: iat + lifetimeSeconds })}.`
}
