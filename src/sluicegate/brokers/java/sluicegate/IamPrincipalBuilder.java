package sluicegate;

import java.util.Set;
import org.apache.kafka.common.security.auth.AuthenticationContext;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.KafkaPrincipalBuilder;
import org.apache.kafka.common.security.auth.KafkaPrincipalSerde;
import org.apache.kafka.common.security.auth.SaslAuthenticationContext;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;
import org.apache.kafka.common.security.ssl.SslPrincipalMapper;

/**
 * Principals as Kafka makes them, but for those the gate has let in, who have a type of their own:
 * a SCRAM user whose name is a role's ARN is a user of that name, and no role.
 */
public final class IamPrincipalBuilder implements KafkaPrincipalBuilder, KafkaPrincipalSerde {
    static final String TYPE = "IAM";
    private static final Set<String> MECHANISMS =
            Set.of(OAuthBearerLoginModule.OAUTHBEARER_MECHANISM, MskIam.MECHANISM);

    // With the rules spelled out: without any, a client's certificate is a null pointer.
    private final DefaultKafkaPrincipalBuilder others =
            new DefaultKafkaPrincipalBuilder(null, SslPrincipalMapper.fromRules("DEFAULT"));

    @Override
    public KafkaPrincipal build(AuthenticationContext context) {
        if (context instanceof SaslAuthenticationContext) {
            var server = ((SaslAuthenticationContext) context).server();
            if (MECHANISMS.contains(server.getMechanismName())) {
                return new KafkaPrincipal(TYPE, server.getAuthorizationID());
            }
        }
        return others.build(context);
    }

    @Override
    public byte[] serialize(KafkaPrincipal principal) {
        return others.serialize(principal);
    }

    @Override
    public KafkaPrincipal deserialize(byte[] bytes) {
        return others.deserialize(bytes);
    }
}
