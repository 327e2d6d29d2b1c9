"""Wrong answers as people write them, each with words of what the check must say."""

# ruff: noqa: E501  (people write long lines)

WRONG_ANSWERS = [
    (
        "gram_matrix",
        "two things",
        """
        def f(x):
            b, c, h, w = x.size()
            m = x.view(b * c, h * w)
            return m @ m.t()
        """,
    ),
    (
        "gram_matrix",
        "only the last picture of the batch",
        """
        def f(x):
            for m in x:
                a = m.flatten(1)
                g = a @ a.T / a.shape[1]
            return g
        """,
    ),
    (
        "gram_matrix",
        "The `return` in line 6 is inside the loop",
        """
        def f(x):
            out = []
            for m in x:
                a = m.flatten(1)
                out.append(a @ a.T / a.shape[1])
                return torch.stack(out)
        """,
    ),
    (
        "gram_matrix",
        "You gave the class `f`",
        """
        class f(torch.nn.Module):
            def forward(self, x):
                a = x.flatten(2)
                return a @ a.mT / a.shape[2]
        """,
    ),
    (
        "gram_matrix",
        "in place of a transpose",
        """
        def f(x):
            b, c, h, w = x.shape
            a = x.reshape(b, c, h * w)
            return a @ a.reshape(b, h * w, c) / (h * w)
        """,
    ),
    (
        "gram_matrix",
        "your result is half of the right one",
        """
        def f(x):
            a = x.flatten(2)
            return a @ a.mT / (2 * a.shape[2])
        """,
    ),
    (
        "gram_matrix",
        "(B, C, H, W)",
        """
        def f(x):
            x = x.permute(0, 3, 1, 2)
            a = x.flatten(2)
            return a @ a.mT / a.shape[2]
        """,
    ),
    (
        "gram_matrix",
        "left autograd behind",
        """
        def f(x):
            a = x.flatten(2).detach().numpy()
            return a @ a.transpose(0, 2, 1) / a.shape[2]
        """,
    ),
    (
        "gram_matrix",
        "A matrix product needs",
        """
        def f(x):
            b, c, h, w = x.shape
            a = x.view(b, c, h * w)
            return torch.mm(a, a.transpose(1, 2)) / (h * w)
        """,
    ),
    (
        "content_loss",
        "before the square",
        """
        f = lambda a, b: (a - b).mean() ** 2
        """,
    ),
    (
        "content_loss",
        "the right one times C",
        """
        f = lambda a, b: ((a - b) ** 2).mean(dim=(2, 3)).sum()
        """,
    ),
    (
        "content_loss",
        "the right one times H·W",
        """
        f = lambda a, b: ((a - b) ** 2).sum() / a.shape[1]
        """,
    ),
    (
        "content_loss",
        "the gradient of the features is cut off",
        """
        f = lambda a, b: torch.tensor(((a - b) ** 2).mean())
        """,
    ),
    (
        "total_variation",
        "two things",
        """
        def f(x):
            return (x[..., 1:, :] - x[..., :-1, :]).abs().sum() + (x[..., 1:] - x[..., :-1]).abs().sum()
        """,
    ),
    (
        "total_variation",
        "your result is twice the right one",
        """
        def f(x):
            return 2 * ((x[..., 1:, :] - x[..., :-1, :]).pow(2).mean() + (x[..., 1:] - x[..., :-1]).pow(2).mean())
        """,
    ),
    (
        "total_variation",
        "the last row and the last column were left out",
        """
        def f(x):
            a = x[:, :, :-1, :-1] - x[:, :, 1:, :-1]
            b = x[:, :, :-1, :-1] - x[:, :, :-1, 1:]
            return (a ** 2).mean() + (b ** 2).mean()
        """,
    ),
    (
        "total_variation",
        "fewer differences than pixel values",
        """
        def f(x):
            a = x[:, :, 1:] - x[:, :, :-1]
            b = x[..., 1:] - x[..., :-1]
            return (a.pow(2).sum() + b.pow(2).sum()) / x.numel()
        """,
    ),
    (
        "total_loss",
        "α and β were exchanged",
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            c = sum(nst.content_loss(features[l], content_features[l]) for l in content_features)
            s = sum(style_layers[l] * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l]) for l in style_layers)
            return beta * c + alpha * s
        """,
    ),
    (
        "total_loss",
        "only the last content layer counts",
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            for l in content_features:
                content = nst.content_loss(features[l], content_features[l])
            style = 0
            for l in style_layers:
                style += style_layers[l] * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return alpha * content + beta * style
        """,
    ),
    (
        "total_loss",
        "two things",
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            content = sum(nst.content_loss(features[l], content_features[l]) for l in content_features)
            style = 0
            for l in style_layers:
                style += nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return alpha * content + beta * style / len(style_layers)
        """,
    ),
    (
        "total_loss",
        "`features[l].detach()` in line 2 cuts the gradient off",
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            content = sum(nst.content_loss(features[l].detach(), content_features[l]) for l in content_features)
            style = 0
            for l in style_layers:
                style += style_layers[l] * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return alpha * content + beta * style
        """,
    ),
    (
        "total_loss",
        "has no key 'relu1_1'",
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            total = 0
            for l in features:
                total += alpha * nst.content_loss(features[l], content_features[l])
                total += beta * style_layers[l] * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return total
        """,
    ),
    (
        "weighted_style_loss",
        "two things",
        """
        def f(G, A, w):
            return torch.stack([((G[l] - A[l]) ** 2).mean() for l in w]).mean()
        """,
    ),
    (
        "layer_shares",
        "A dictionary is asked for",
        """
        def f(losses, weights):
            t = sum(losses[l] * weights[l] for l in losses)
            return [losses[l] * weights[l] / t for l in losses]
        """,
    ),
    (
        "equal_gradient_weights",
        "its first element is meant",
        """
        def f(losses, image):
            n = {k: torch.autograd.grad(v, image, retain_graph=True).norm().item() for k, v in losses.items()}
            s = sum(1 / x for x in n.values())
            return {k: 1 / x / s for k, x in n.items()}
        """,
    ),
    (
        "receptive_field",
        "the jump was changed before it was used",
        """
        def f(layers):
            r, j = 1, 1
            for k, s in layers:
                j *= s
                r += (k - 1) * j
            return r, j
        """,
    ),
    (
        "invert_features",
        "`start` itself was changed",
        """
        def f(extract, content, start, steps, step_size):
            target = extract(content).detach()
            x = start.requires_grad_(True)
            for _ in range(steps):
                loss = ((extract(x) - target) ** 2).mean()
                g, = torch.autograd.grad(loss, x)
                with torch.no_grad():
                    x -= step_size * g
            return x.detach()
        """,
    ),
    (
        "invert_features",
        "Compute it anew in each pass",
        """
        def f(extract, content, start, steps, step_size):
            target = extract(content).detach()
            x = start.clone().requires_grad_(True)
            features = extract(x)
            for _ in range(steps):
                loss = ((features - target) ** 2).mean()
                loss.backward(retain_graph=True)
                with torch.no_grad():
                    x -= step_size * x.grad
                x.grad = None
            return x.detach()
        """,
    ),
    (
        "initial_image",
        "mixed with the content image",
        """
        def f(content, init, generator):
            noise = torch.rand(content.shape, generator=generator)
            x = content.clone() if init == 'content' else 0.5 * content + 0.5 * noise
            return x.requires_grad_()
        """,
    ),
    (
        "optimization_step",
        "the gradient is never cleared",
        """
        def f(image, objective, optimizer):
            def closure():
                loss = objective(image)
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            return loss.item(), image.detach().clamp(0, 1)
        """,
    ),
    (
        "optimization_step",
        "the pixels were clamped in place",
        """
        def f(image, objective, optimizer):
            def closure():
                optimizer.zero_grad()
                loss = objective(image)
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            image.clamp_(0, 1)
            return loss.item(), image.detach().clone()
        """,
    ),
    (
        "mended_style_loss",
        "this is still the formula as printed",
        """
        def f(G, A, h, w):
            c = G.shape[1]
            return ((G - A) ** 2).sum() / 4 * c ** 2 * (h * w) ** 2
        """,
    ),
    (
        "convert_weight",
        "times C / (H·W)",
        """
        f = lambda w, c, p: w / (c * p)
        """,
    ),
    (
        "mixed_gram",
        "the sum was divided by the number of artworks",
        """
        def f(grams, weights):
            return torch.stack([w * g for w, g in zip(weights, grams)]).mean(0)
        """,
    ),
    (
        "mixed_gram",
        "the weights were not divided by their sum",
        """
        def f(grams, weights):
            return torch.einsum('k,kbij->bij', torch.tensor(weights).to(grams[0]), torch.stack(grams))
        """,
    ),
    (
        "mixed_covariance",
        "the covariances were averaged, and the means forgotten",
        """
        def f(covs, means, weights):
            return sum(w * c for w, c in zip(weights, covs))
        """,
    ),
    (
        "sliced_wasserstein",
        "`sort` returns two things",
        """
        def f(x, y, d):
            d = torch.nn.functional.normalize(d)
            a = (d @ x.flatten(2)).sort()
            b = (d @ y.flatten(2)).sort()
            return ((a - b) ** 2).mean()
        """,
    ),
    (
        "color_matching",
        "one mean was taken for all channels",
        """
        def f(x, y):
            a, b = x[0].flatten(1), y[0].flatten(1)
            A = torch.linalg.cholesky(torch.cov(b)) @ torch.linalg.cholesky(torch.cov(a)).inverse()
            return (A @ (a - a.mean()) + b.mean()).view_as(x)
        """,
    ),
    (
        "sliced_wasserstein",
        "the directions were not made unit vectors",
        """
        def f(x, y, d):
            a = torch.sort(d @ x.flatten(2))[0]
            b = torch.sort(d @ y.flatten(2))[0]
            b = torch.nn.functional.interpolate(b, a.shape[-1], mode="linear")
            return ((a - b) ** 2).mean()
        """,
    ),
    (
        "sliced_wasserstein",
        "the artwork was not brought to the count of the image",
        """
        def f(x, y, d):
            d = torch.nn.functional.normalize(d)
            a = torch.sort(d @ x.flatten(2))[0]
            b = torch.sort(d @ y.flatten(2))[0]
            return torch.nn.functional.mse_loss(a, b)
        """,
    ),
    (
        "sliced_wasserstein",
        "the directions were sorted, and not the positions",
        """
        def f(x, y, d):
            d = torch.nn.functional.normalize(d)
            a = torch.sort(d @ x.flatten(2), dim=1)[0]
            b = torch.sort(d @ y.flatten(2), dim=1)[0]
            b = torch.nn.functional.interpolate(b, a.shape[-1], mode="linear")
            return ((a - b) ** 2).mean()
        """,
    ),
    (
        "instance_norm",
        "the variance is divided by H·W − 1",
        """
        def f(x, gamma, beta):
            m, s = x.mean(dim=(2, 3), keepdim=True), x.std(dim=(2, 3), keepdim=True)
            y = (x - m) / torch.sqrt(s**2 + 1e-5)
            return y * gamma[None, :, None, None] + beta[None, :, None, None]
        """,
    ),
    (
        "training_step",
        "the network paints in eval mode",
        """
        def f(network, photographs, describe, target_gram, style_weight, optimizer):
            optimizer.zero_grad()
            F, G = describe(network(photographs))
            P, _ = describe(photographs)
            loss = ((F - P) ** 2).mean() + style_weight * ((G - target_gram) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss.item()
        """,
    ),
    (
        "adain",
        "the two deviations changed places",
        """
        def f(x, y):
            s = (x.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
            t = (y.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
            return s * (x - x.mean((2, 3), keepdim=True)) / t + y.mean((2, 3), keepdim=True)
        """,
    ),
    (
        "matched_histogram",
        "the sorted target was read where it should be written",
        """
        def f(values, target):
            return torch.sort(target)[0][torch.argsort(values)]
        """,
    ),
    (
        "nearest_features",
        "nothing was centered",
        """
        def f(features, style_features):
            q = torch.nn.functional.normalize(features.flatten(2), dim=1)[0]
            k = torch.nn.functional.normalize(style_features.flatten(2), dim=1)[0]
            best = (q.T @ k).max(dim=1).indices
            return style_features.flatten(2)[:, :, best].view(features.shape)
        """,
    ),
    (
        "nearest_features",
        "distances were compared and not cosines",
        """
        def f(features, style_features):
            q = features[0].flatten(1).T
            k = style_features[0].flatten(1).T
            d = ((q - q.mean(0))[:, None] - (k - k.mean(0))[None]).pow(2).sum(-1)
            return k[d.argmin(dim=1)].T.reshape(features.shape)
        """,
    ),
    (
        "vote_interval",
        "this is the usual interval",
        """
        def f(wins, votes):
            p = wins / votes
            e = 1.96 * (p * (1 - p) / votes) ** 0.5
            return p - e, p + e
        """,
    ),
    (
        "copied_share",
        "a step to the left counts",
        """
        def f(origin):
            left, right = origin[:, :, :-1], origin[:, :, 1:]
            same = (left[0] == right[0]) & (left[1] - right[1] == 1)
            return same.double().mean()
        """,
    ),
]
