package sluicegate;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.utils.internals.SecurityUtils;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluicegate.Gate.Question;

/**
 * Kafka's own authorizer for everybody but IAM principals, whom the gate decides about: ACLs do not
 * apply to them, nor policies to others.
 *
 * <p>By the principal's type alone: a request that a broker forwards to the controller arrives on
 * another listener, with the principal of whoever made it. No permission implies another.
 */
public final class IamAuthorizer extends StandardAuthorizer {
    // Where Kafka says who was denied what.
    private static final Logger AUDIT = LoggerFactory.getLogger("kafka.authorizer.logger");
    // What MSK asks about where a client may write to some topic or other.
    private static final String ANY_NAME = "hardcode";

    private final Gate gate = Gate.ofThisNode();

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        if (!isIam(context)) {
            return super.authorize(context, actions);
        }
        String principal = context.principal().getName();
        String address = context.clientAddress().getHostAddress();
        List<Question> questions = new ArrayList<>(actions.size());
        for (Action action : actions) {
            ResourcePattern resource = action.resourcePattern();
            questions.add(new Question(
                    principal, address, action.operation(), resource.resourceType(), resource.name()));
        }
        boolean[] allowed = gate.may(questions);
        List<AuthorizationResult> results = new ArrayList<>(allowed.length);
        for (int at = 0; at < allowed.length; at++) {
            results.add(allowed[at] ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED);
            if (!allowed[at] && actions.get(at).logIfDenied()) {
                record(context, actions.get(at));
            }
        }
        return results;
    }

    @Override
    public AuthorizationResult authorizeByResourceType(
            AuthorizableRequestContext context, AclOperation operation, ResourceType type) {
        if (!isIam(context)) {
            return super.authorizeByResourceType(context, operation, type);
        }
        ResourcePattern any = new ResourcePattern(type, ANY_NAME, PatternType.LITERAL);
        return authorize(context, List.of(new Action(operation, any, 0, true, false))).get(0);
    }

    private static boolean isIam(AuthorizableRequestContext context) {
        KafkaPrincipal principal = context.principal();
        return IamPrincipalBuilder.TYPE.equals(principal.getPrincipalType());
    }

    /** In Kafka's words, so that one search finds every denial. */
    private static void record(AuthorizableRequestContext context, Action action) {
        ResourcePattern resource = action.resourcePattern();
        AUDIT.info(
                "Principal = {} is Denied operation = {} from host = {} on resource = {}:{}:{} for request = {}"
                        + " with resourceRefCount = {} based on rule IAM",
                context.principal(),
                action.operation(),
                context.clientAddress().getHostAddress(),
                SecurityUtils.resourceTypeName(resource.resourceType()),
                resource.patternType(),
                resource.name(),
                ApiKeys.forId(context.requestType()).name,
                action.resourceReferenceCount());
    }
}
