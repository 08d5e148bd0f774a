package sluicegate;

import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.security.Provider;
import java.security.Security;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.spi.LoginModule;
import javax.security.sasl.SaslServer;
import javax.security.sasl.SaslServerFactory;
import org.apache.kafka.common.security.authenticator.SaslInternalConfigs;
import sluicegate.Gate.Login;

/**
 * The SASL mechanism AWS_MSK_IAM, which the Java client library of MSK speaks, and others: the
 * client's one message is a signed request, the server's one answer says that it was taken.
 */
public final class MskIam {
    static final String MECHANISM = "AWS_MSK_IAM";
    private static final String VERSION = "2020_10_22";

    private MskIam() {}

    /** What Kafka loads for the mechanism, before a client comes: makes the JVM know it. */
    public static final class Module implements LoginModule {
        static {
            Security.addProvider(new Mechanisms());
        }

        @Override
        public void initialize(Subject subject, CallbackHandler handler, Map<String, ?> shared, Map<String, ?> options) {
            // A server has nobody to log in as.
        }

        @Override
        public boolean login() {
            return true;
        }

        @Override
        public boolean commit() {
            return true;
        }

        @Override
        public boolean abort() {
            return false;
        }

        @Override
        public boolean logout() {
            return true;
        }
    }

    private static final class Mechanisms extends Provider {
        private static final long serialVersionUID = 1L;

        Mechanisms() {
            super("SluicegateMskIam", "1", "SASL mechanism " + MECHANISM);
            put("SaslServerFactory." + MECHANISM, Factory.class.getName());
        }
    }

    /** Public for the JVM, which makes one by its name. */
    public static final class Factory implements SaslServerFactory {
        @Override
        public SaslServer createSaslServer(
                String mechanism, String protocol, String name, Map<String, ?> properties, CallbackHandler handler) {
            return MECHANISM.equals(mechanism) ? new Server() : null;
        }

        @Override
        public String[] getMechanismNames(Map<String, ?> properties) {
            return new String[] {MECHANISM};
        }
    }

    private static final class Server implements SaslServer {
        private Login login;

        @Override
        public String getMechanismName() {
            return MECHANISM;
        }

        @Override
        public byte[] evaluateResponse(byte[] response) {
            if (login != null) {
                throw new IllegalStateException("one message is all there is");
            }
            login = Gate.ofThisNode().login(MECHANISM, new String(response, StandardCharsets.UTF_8));
            String id = TextNode.valueOf(login.requestId()).toString();
            String answer = "{\"version\":\"" + VERSION + "\",\"request-id\":" + id + "}";
            return answer.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean isComplete() {
            return login != null;
        }

        @Override
        public String getAuthorizationID() {
            return completed().principal();
        }

        @Override
        public Object getNegotiatedProperty(String name) {
            Login login = completed();
            boolean isLifetime = SaslInternalConfigs.CREDENTIAL_LIFETIME_MS_SASL_NEGOTIATED_PROPERTY_KEY.equals(name);
            return isLifetime ? (Object) login.expiresMilliseconds() : null;
        }

        @Override
        public byte[] unwrap(byte[] incoming, int offset, int length) {
            throw new IllegalStateException("TLS protects what is sent");
        }

        @Override
        public byte[] wrap(byte[] outgoing, int offset, int length) {
            throw new IllegalStateException("TLS protects what is sent");
        }

        @Override
        public void dispose() {
            // Nothing of its own is open.
        }

        private Login completed() {
            if (login == null) {
                throw new IllegalStateException("nobody has logged in");
            }
            return login;
        }
    }
}
