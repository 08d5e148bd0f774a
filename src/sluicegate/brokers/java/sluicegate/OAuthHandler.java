package sluicegate;

import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import sluicegate.Gate.Login;

/** OAUTHBEARER on the IAM listener: what a token is worth, the gate knows. */
public final class OAuthHandler implements AuthenticateCallbackHandler {
    private String mechanism;

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
        this.mechanism = mechanism;
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (!(callback instanceof OAuthBearerValidatorCallback)) {
                // Of extensions, say: Kafka takes it for "ignore them".
                throw new UnsupportedCallbackException(callback);
            }
            var asked = (OAuthBearerValidatorCallback) callback;
            asked.token(new Token(asked.tokenValue(), Gate.ofThisNode().login(mechanism, asked.tokenValue())));
        }
    }

    @Override
    public void close() {
        // Nothing of its own is open.
    }

    private record Token(String value, Login login) implements OAuthBearerToken {
        @Override
        public Set<String> scope() {
            return Set.of();
        }

        @Override
        public long lifetimeMs() {
            return login.expiresMilliseconds();
        }

        @Override
        public String principalName() {
            return login.principal();
        }

        @Override
        public Long startTimeMs() {
            return null;
        }

        @Override
        public String toString() {
            // INVARIANT: no token in a log.
            return "Token of " + login.principal();
        }
    }
}
